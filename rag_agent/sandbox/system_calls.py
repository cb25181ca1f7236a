"""The system calls that a sandboxed program may not make, as a seccomp filter.

Namespaces and limits leave doors in the kernel through which memory could be held outside every
count (anonymous files, System V memory, queues and semaphores, Landlock's rules, file systems in a user
namespace of one's own), through which past escapes went (kernel keys, BPF, io_uring, perf, userfaultfd,
tracing), or which no network namespace closes (sockets to a virtual machine's host). They stay shut.
"""

import errno
import platform
import struct

_NEW_USER_NAMESPACE = 0x10000000  # CLONE_NEWUSER, linux/sched.h

# Audit architecture (linux/audit.h) and call numbers (asm/unistd_64.h, asm-generic/unistd.h).
_ARCHITECTURES = {
    "x86_64": (
        0xC000003E,
        {
            "clone": 56,
            "clone3": 435,
            "unshare": 272,
            "setns": 308,
            "memfd_create": 319,
            "memfd_secret": 447,
            "shmget": 29,
            "semget": 64,
            "msgget": 68,
            "landlock_create_ruleset": 444,
            "socket": 41,
            "socketpair": 53,
            "ptrace": 101,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "bpf": 321,
            "perf_event_open": 298,
            "userfaultfd": 323,
            "io_uring_setup": 425,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "clone": 220,
            "clone3": 435,
            "unshare": 97,
            "setns": 268,
            "memfd_create": 279,
            "memfd_secret": 447,
            "shmget": 194,
            "semget": 190,
            "msgget": 186,
            "landlock_create_ruleset": 444,
            "socket": 198,
            "socketpair": 199,
            "ptrace": 117,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "bpf": 280,
            "perf_event_open": 241,
            "userfaultfd": 282,
            "io_uring_setup": 425,
        },
    ),
}

# linux/socket.h: what programs speak with themselves by; the C library asks netlink for interfaces.
_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
_WITH_A_RULE = {"clone", "clone3", "socket", "socketpair"}

# struct sock_filter and its opcodes (linux/filter.h, linux/seccomp.h).
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_FOREIGN = 0x40000000  # x86_64 calls from here up belong to the x32 interface


def deny_filter(machine: str = "") -> bytes:
    """The filter as an array of `struct sock_filter`, for `bwrap --seccomp`.

    `clone3` answers "no such call", upon which the C library takes `clone`, whose flags show.

    Args:
        machine: As `platform.machine()` names it; empty: this one.

    Raises:
        KeyError: A processor whose call numbers are not listed here.
    """
    architecture, numbers = _ARCHITECTURES[machine or platform.machine()]
    refuse = _REFUSE | errno.EPERM
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _FOREIGN),
        (_RETURN, 0, 0, _KILL),
        (_IF_EQUAL, 0, 1, numbers["clone3"]),
        (_RETURN, 0, 0, _REFUSE | errno.ENOSYS),
    ]
    for name in sorted(numbers.keys() - _WITH_A_RULE):
        code += [(_IF_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, refuse)]
    code += [
        (_IF_EQUAL, 0, 4, numbers["clone"]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_ANY_BIT, 0, 1, _NEW_USER_NAMESPACE),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
        (_IF_EQUAL, 1, 0, numbers["socket"]),
        (_IF_EQUAL, 0, len(_FAMILIES) + 2, numbers["socketpair"]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        *(
            (_IF_EQUAL, len(_FAMILIES) - n, 0, family)
            for n, family in enumerate(_FAMILIES.values())
        ),
        (_RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
