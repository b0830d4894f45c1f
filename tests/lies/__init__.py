"""What becomes of wrong answers: every lie of a storage is detected, named, and never made part of a backup or a restore."""
