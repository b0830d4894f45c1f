"""What the audit log tells of: each thing that somebody did, with its name. Pure."""

from server.domain.sentence import N_, Word


class Action(Word):
    """Something that was done."""

    SERVER_SET_UP = "server.set_up", N_("Server set up")
    PARTY_CREATED = "party.created", N_("Party created")
    PARTY_CHANGED = "party.changed", N_("Party changed")
    USER_INVITED = "user.invited", N_("User invited")
    INVITATION_REVOKED = "invitation.revoked", N_("Invitation revoked")
    INVITATION_ACCEPTED = "invitation.accepted", N_("Invitation accepted")
    ROLE_CHANGED = "user.role_changed", N_("Role changed")
    USER_REMOVED = "user.removed", N_("User removed")
    LOGGED_IN = "session.began", N_("Logged in")
    SESSION_REVOKED = "session.revoked", N_("Session ended")
    LOGGED_IN_AS = "session.on_behalf", N_("Logged in as a party below")
    LOGGED_OUT_AS = "session.back", N_("Back from a party below")
    RESET_REQUESTED = "password.reset_requested", N_("New password requested")
    PASSWORD_SET = "password.set", N_("Password set")
    TWO_FACTOR_ON = "two_factor.on", N_("Second factor switched on")
    TWO_FACTOR_OFF = "two_factor.off", N_("Second factor switched off")
    TWO_FACTOR_DEMANDED = "two_factor.demanded", N_("Second factor demanded, or no longer")
    RECOVERY_CODE_USED = "two_factor.recovery_code", N_("Recovery code used")
    RECOVERY_CODES_MADE = "two_factor.recovery_codes", N_("New recovery codes made")
