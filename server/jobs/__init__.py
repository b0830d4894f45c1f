"""What happens by itself: mails that wait, daily chores. Any number of runners; everything happens once."""
