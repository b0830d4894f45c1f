"""What to do with an entry of a snapshot where something lies in the target already. Pure: told what is there, not looking."""

import os
import stat
from enum import IntEnum

from gdp.engine.restore.options import Overwrite
from gdp.model.node import Node


class Action(IntEnum):
    """What is done with one entry. Numbers, since they travel to the workers."""

    CREATE = 0
    """nothing is there"""
    REPLACE = 1
    """remove what is there, then as CREATE"""
    CHECK = 2
    """a file: compare its content block by block, and write the blocks that differ"""
    KEEP = 3
    """its content is right: restore the metadata only"""
    SKIP = 4
    """leave it alone"""


_NODE_TYPES = {"fifo": stat.S_IFIFO, "dev": stat.S_IFBLK, "chardev": stat.S_IFCHR, "symlink": stat.S_IFLNK}


def judge(node: Node, found: os.stat_result, overwrite: Overwrite, user: int, target: bytes | None = None) -> Action:
    """Return what to do with ``node``.

    Args:
        node: the snapshot's entry.
        found: the ``lstat`` of what lies at its place.
        overwrite: what the user wants.
        user: who we are. A file of anybody but us and its future owner is not written into but replaced: they may have it open.
        target: where the link points that was found, if it is one.
    """
    if node.type == "dir":
        return _judge_folder(node, found, overwrite)
    if overwrite is Overwrite.NEVER or (overwrite is Overwrite.IF_NEWER and node.mtime_ns <= found.st_mtime_ns):
        return Action.SKIP
    if node.type == "file":
        return _judge_file(node, found, overwrite, user)
    same = stat.S_IFMT(found.st_mode) == _NODE_TYPES.get(node.type)
    if node.type == "symlink":
        return Action.KEEP if same and target == node.target else Action.REPLACE
    return Action.KEEP if same and found.st_nlink == 1 and found.st_rdev == node.device else Action.REPLACE


def _judge_folder(node: Node, found: os.stat_result, overwrite: Overwrite) -> Action:
    if stat.S_ISDIR(found.st_mode):
        return Action.KEEP
    if overwrite is Overwrite.NEVER or (overwrite is Overwrite.IF_NEWER and node.mtime_ns <= found.st_mtime_ns):
        return Action.SKIP
    return Action.REPLACE


def _judge_file(node: Node, found: os.stat_result, overwrite: Overwrite, user: int) -> Action:
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in (user, node.uid):
        return Action.REPLACE
    trusted = overwrite is Overwrite.IF_CHANGED and found.st_size == node.size and found.st_mtime_ns == node.mtime_ns
    if found.st_nlink > 1:
        # Other names of it may lie outside the target, so it is never written into.
        return Action.KEEP if trusted and node.links > 1 else Action.REPLACE
    return Action.KEEP if trusted else Action.CHECK
