"""The systemd unit of the daemon. Pure. docs/install.md says of each line why it is there, and of others why they are not."""

from pathlib import Path

from gdp.installation.places import Places

MARK = "# Written by 'gdp install'. Changes belong in 'systemctl edit gdp', they stay; this file is replaced."

_HEAD = """\
{mark}

[Unit]
Description=GlobalDataProtect: backups as they are due
After=network.target nss-lookup.target time-sync.target

[Service]
Type=notify
ExecStart={program} --home {home} daemon
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
    head = _HEAD.format(mark=MARK, program=quoted(places.runs), home=quoted(home))
    return head + (_USER_TAIL if places.is_user else _SYSTEM_TAIL)


def quoted(path: Path) -> str:
    """Return a path as a word of a command in a unit."""
    text = str(path)
    for character, instead in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$"), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(character, instead)
    return f'"{text}"' if any(character in text for character in " \\\"'") else text
