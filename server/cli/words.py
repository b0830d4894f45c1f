"""click's own sentences, named so that the catalogue has them; click asks gettext for them. Never imported."""

from server.language import N_, translate_plural

SENTENCES = (
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Missing command."),
    N_("No such option {name!r}."),
    N_("No such option: {name}"),
    N_("No such command {name!r}."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("file"),
    N_("directory"),
    N_("path"),
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("[OPTIONS]"),
    N_("COMMAND [ARGS]..."),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("Try '{command} {option}' for help."),
    N_("Error: {message}"),
    N_("required"),
    N_("default: {default}"),
    N_("env var: {var}"),
)
PLURALS = (
    translate_plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
    translate_plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    translate_plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
    translate_plural("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
)
