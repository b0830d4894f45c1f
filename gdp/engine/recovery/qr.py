"""The QR code of a recovery sheet, as rows of dark and light."""

BORDER = 4  # modules; what the standard asks for


def qr_rows(text: str, *, error: str) -> list[list[bool]]:
    """Return the code without its border; True is dark.

    Args:
        error: how much may be damaged: ``L`` 7 %, ``M`` 15 %, ``Q`` 25 %.
    """
    import segno  # start-up time

    return [[bool(module) for module in row] for row in segno.make_qr(text, error=error, boost_error=False).matrix]


def half_blocks(rows: list[list[bool]], border: int = 2) -> list[str]:
    """Return lines of a terminal, two rows each, with the light modules drawn: most terminals are dark."""
    width = len(rows) + 2 * border
    light = [[False] * width for _ in range(border)]
    framed = [*light, *([False] * border + row + [False] * border for row in rows), *light]
    if len(framed) % 2:
        framed.append([True] * width)  # not drawn
    marks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    return [
        "".join(marks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(framed[::2], framed[1::2], strict=True)
    ]
