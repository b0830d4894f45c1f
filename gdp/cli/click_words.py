"""click's own sentences, named so that the catalogue has them; click asks gettext for them. Never imported."""

from gdp.core.language import N_, translate_plural

SENTENCES = (
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Missing parameter: {param_name}"),
    N_("Missing command."),
    N_("No such option {name!r}."),
    N_("No such option: {name}"),
    N_("No such command {name!r}."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Option {name!r} does not take a value."),
    N_("Could not open file {filename!r}: {message}"),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("{name} {filename!r} is not writable."),
    N_("Choose from:\n\t{choices}"),
    N_("default: {default}"),
    N_("file"),
    N_("directory"),
    N_("path"),
    N_("Couldn't detect Bash version, shell completion is not supported."),
)
PLURALS = (
    translate_plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
    translate_plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    translate_plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
    translate_plural("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
    translate_plural("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given.", 1),
)
