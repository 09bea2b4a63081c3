"""What may be run or obeyed: only files that nobody but the user and root can change.

A plugin's code runs with everything that a worker may do, and settings decide which code that is.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from duetime.core.errors import UnsafeFile

_ROOT = 0
_UNREAD = "__pycache__"
"""A folder that is never read, and so not judged; nor is anything whose name starts with a dot."""


def require_trusted(path: Path) -> None:
    """Check one file or folder, and what it links to.

    Raises:
        UnsafeFile: it belongs to somebody else, others may write to it, or it is neither a file nor a folder.
        FileNotFoundError: there is no such file.
    """
    own = path.lstat()
    if not stat.S_ISLNK(own.st_mode):
        _judge(path, own)
        return
    # A link's permissions say nothing. Who owns it decides where it leads; who may write around its end, what is there.
    _judge_owner(path, own)
    try:
        end = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise UnsafeFile(str(path), "it is a link that leads nowhere") from error
    _judge(end, end.stat())
    _judge(end.parent, end.parent.stat())


def require_trusted_tree(folder: Path) -> None:
    """Check a folder and everything in it that could be read.

    Raises:
        UnsafeFile: one of them is not trusted.
    """
    try:
        for path in _walk(folder, seen=set()):
            with suppress(FileNotFoundError):  # editors' files come and go
                require_trusted(path)
    except PermissionError as error:
        raise UnsafeFile(str(error.filename), "it cannot be looked into") from error


def _walk(folder: Path, *, seen: set[Path]) -> Iterator[Path]:
    yield folder
    real = folder.resolve()
    if real in seen:  # a link back up
        return
    seen.add(real)
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == _UNREAD:
            continue
        if path.is_dir():
            yield from _walk(path, seen=seen)
        else:
            yield path


def _judge(path: Path, found: os.stat_result) -> None:
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise UnsafeFile(str(path), "it is neither a file nor a folder")
    _judge_owner(path, found)
    if found.st_mode & stat.S_IWOTH:
        raise UnsafeFile(str(path), "everybody may write to it")
    if found.st_mode & stat.S_IWGRP and not _is_private_group(found.st_gid, owner=found.st_uid):
        raise UnsafeFile(str(path), f"its group {_group_name(found.st_gid)} may write to it")


def _judge_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in (_ROOT, os.geteuid()):
        raise UnsafeFile(str(path), f"it belongs to {_user_name(found.st_uid)}")


def _is_private_group(gid: int, *, owner: int) -> bool:
    """Return whether the group is only another name of its owner.

    Many systems give each user such a group and a umask of 002, so that every file is writable by it.
    """
    try:
        user, group = pwd.getpwuid(owner), grp.getgrgid(gid)
    except KeyError:
        return False
    alone = set(group.gr_mem) <= {user.pw_name}
    return owner != _ROOT and user.pw_gid == gid and group.gr_name == user.pw_name and alone


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
