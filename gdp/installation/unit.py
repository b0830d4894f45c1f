"""The systemd unit of the daemon. Pure. docs/install.md says of each line why it is there, and of others why they are not."""

from pathlib import Path

from gdp.installation.places import Places

_SHELL = ("/bin/sh", "-c", 'exec "$0" "$@"')
_NOT_IN_A_PROGRAM = "$\"'\\\n\t"
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$"), ("\n", "\\n"), ("\t", "\\t"))
MARK = "# Written by 'gdp install'. Changes belong in 'systemctl edit gdp', they stay; this file is replaced."

_HEAD = """\
{mark}

[Unit]
Description=GlobalDataProtect: backups as they are due
After=network.target nss-lookup.target time-sync.target

[Service]
Type=notify
ExecStart={start}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=30
WatchdogSec=60
TimeoutStartSec=90
TimeoutStopSec=90
KillMode=mixed
OOMPolicy=continue
LimitCORE=0
UMask=0077
"""
_USER_TAIL = """
[Install]
WantedBy=default.target
"""
_SYSTEM_TAIL = """\

# The service sees the same files as root does: nothing here gives it a file system, devices or a host name of its own.
ProtectSystem=no
ProtectHome=no
CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_BOOT CAP_SYS_TIME CAP_WAKE_ALARM CAP_SYSLOG CAP_SYS_PACCT CAP_PERFMON CAP_BPF
SystemCallFilter=~@clock @module @reboot @swap @cpu-emulation @obsolete @raw-io
SystemCallErrorNumber=EPERM
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_ALG
RestrictRealtime=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
"""


def unit_text(places: Places, home: Path) -> str:
    """Return the whole file."""
    head = _HEAD.format(mark=MARK, start=_command(str(places.runs), "--home", str(home), "daemon"))
    return head + (_USER_TAIL if places.is_user else _SYSTEM_TAIL)


def _command(program: str, *words: str) -> str:
    """Return what starts a program.

    Of a program itself systemd replaces no ``$$``, and it refuses quotes and backslashes; so a shell starts such a one, which
    then takes the shell's place.
    """
    started = (*_SHELL, program, *words) if any(character in program for character in _NOT_IN_A_PROGRAM) else (program, *words)
    return " ".join(map(_quoted, started))


def _quoted(text: str) -> str:
    """Return a word of a command as it stands in a unit."""
    for character, instead in _ESCAPES:
        text = text.replace(character, instead)
    return f'"{text}"' if any(character in text for character in " \\\"';") else text
