/**
 * The C functions that Herd calls, as data: one entry per function, with its C prototype.
 *
 * Lengths on the hot path (`size_t` in C) are declared `i32`: a call with `usize` costs 0.12 µs more,
 * and all lengths are below 2³¹.
 *
 * SAFETY: System V x86-64 and AAPCS64 pass such an argument in a full register, written with a 32-bit move
 * that clears the upper half, so C reads the right `size_t`. A result declared `i32` is the lower half of an
 * `ssize_t` that does not exceed the requested length.
 *
 * @module
 */
export const symbols = {
  // sockets
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, // int socket(int domain, int type, int protocol)
  bind: { parameters: ["i32", "pointer", "u32"], result: "i32" }, // int bind(int fd, const struct sockaddr *addr, socklen_t len)
  listen: { parameters: ["i32", "i32"], result: "i32" }, // int listen(int fd, int backlog)
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" }, // int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
  connect: { parameters: ["i32", "pointer", "u32"], result: "i32" }, // int connect(int fd, const struct sockaddr *addr, socklen_t len)
  shutdown: { parameters: ["i32", "i32"], result: "i32" }, // int shutdown(int fd, int how)
  ioctl: { parameters: ["i32", "u32", "buffer"], result: "i32" }, // int ioctl(int fd, unsigned long request, ...), here with a pointer
  setsockopt: { parameters: ["i32", "i32", "i32", "pointer", "u32"], result: "i32" }, // int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" }, // int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" }, // int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" }, // int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" }, // int socketpair(int domain, int type, int protocol, int sv[2])
  getaddrinfo: { parameters: ["buffer", "buffer", "buffer", "buffer"], result: "i32" }, // int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
  freeaddrinfo: { parameters: ["pointer"], result: "void" }, // void freeaddrinfo(struct addrinfo *res)
  gai_strerror: { parameters: ["i32"], result: "pointer" }, // const char *gai_strerror(int code)

  // descriptors
  read: { parameters: ["i32", "buffer", "i32"], result: "i32" }, // ssize_t read(int fd, void *buf, size_t count)
  readAsync: {
    name: "read",
    parameters: ["i32", "buffer", "i32"],
    result: "i32",
    nonblocking: true,
  },
  readAt: { name: "read", parameters: ["i32", "pointer", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" }, // off_t lseek(int fd, off_t offset, int whence)
  pread: { parameters: ["i32", "buffer", "i32", "i64"], result: "i32" }, // ssize_t pread(int fd, void *buf, size_t count, off_t offset)
  pwrite: { parameters: ["i32", "buffer", "i32", "i64"], result: "i32" }, // ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset)
  write: { parameters: ["i32", "buffer", "i32"], result: "i32" }, // ssize_t write(int fd, const void *buf, size_t count)
  writeAt: { name: "write", parameters: ["i32", "pointer", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" }, // ssize_t recv(int fd, void *buf, size_t len, int flags)
  send: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" }, // ssize_t send(int fd, const void *buf, size_t len, int flags)
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" }, // int open(const char *path, int flags, mode_t mode)
  close: { parameters: ["i32"], result: "i32" }, // int close(int fd)
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" }, // int dup3(int oldfd, int newfd, int flags)
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" }, // int fcntl(int fd, int cmd, int arg); variadic, which both ABIs pass alike on Linux
  pipe2: { parameters: ["buffer", "i32"], result: "i32" }, // int pipe2(int fds[2], int flags)
  epoll_create1: { parameters: ["i32"], result: "i32" }, // int epoll_create1(int flags)
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" }, // int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" }, // int epoll_wait(int epfd, struct epoll_event *events, int most, int timeout)
  select: { parameters: ["i32", "buffer", "pointer", "pointer", "pointer"], result: "i32" }, // int select(int n, fd_set *read, fd_set *write, fd_set *except, struct timeval *timeout)
  epoll_pwait2: {
    name: "syscall",
    parameters: ["i32", "i32", "buffer", "i32", "buffer", "pointer"],
    result: "i32",
  }, // long syscall(SYS_epoll_pwait2, int epfd, struct epoll_event *events, int most, const struct timespec *timeout, const sigset_t *mask, size_t)
  poll: { parameters: ["pointer", "u32", "i32"], result: "i32" }, // int poll(struct pollfd *fds, nfds_t n, int timeout)
  ppoll: { parameters: ["pointer", "u32", "pointer", "pointer"], result: "i32" }, // int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
  pollAsync: {
    name: "poll",
    parameters: ["buffer", "u32", "i32"],
    result: "i32",
    nonblocking: true,
  },

  sendmsg: { parameters: ["i32", "pointer", "i32"], result: "i32" }, // ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
  recvmsg: { parameters: ["i32", "pointer", "i32"], result: "i32" }, // ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
  close_range: { name: "syscall", parameters: ["i32", "u32", "u32", "u32"], result: "i32" }, // long syscall(SYS_close_range, unsigned first, unsigned last, unsigned flags)
  mkostemp: { parameters: ["buffer", "i32"], result: "i32" }, // int mkostemp(char *template, int flags)
  chmod: { parameters: ["buffer", "u32"], result: "i32" }, // int chmod(const char *path, mode_t mode)
  fchmod: { parameters: ["i32", "u32"], result: "i32" }, // int fchmod(int fd, mode_t mode)
  chdir: { parameters: ["buffer"], result: "i32" }, // int chdir(const char *path)
  mkdir: { parameters: ["buffer", "u32"], result: "i32" }, // int mkdir(const char *path, mode_t mode)
  rmdir: { parameters: ["buffer"], result: "i32" }, // int rmdir(const char *path)
  getdents64: { name: "syscall", parameters: ["i32", "i32", "buffer", "i32"], result: "i32" }, // long syscall(SYS_getdents64, int fd, void *entries, size_t size)
  readlink: { parameters: ["buffer", "buffer", "i32"], result: "i32" }, // ssize_t readlink(const char *path, char *buf, size_t bufsiz)
  unlink: { parameters: ["buffer"], result: "i32" }, // int unlink(const char *path)

  access: { parameters: ["buffer", "i32"], result: "i32" }, // int access(const char *path, int mode)
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" }, // int statx(int dirfd, const char *path, int flags, unsigned int mask, struct statx *status)

  // locks
  flock: { parameters: ["i32", "i32"], result: "i32" }, // int flock(int fd, int operation)
  lockf: { parameters: ["i32", "i32", "i32"], result: "i32" }, // int lockf(int fd, int cmd, off_t len); len is 0 here
  pthread_mutexattr_init: { parameters: ["buffer"], result: "i32" }, // int pthread_mutexattr_init(pthread_mutexattr_t *)
  pthread_mutexattr_setpshared: { parameters: ["buffer", "i32"], result: "i32" }, // int pthread_mutexattr_setpshared(pthread_mutexattr_t *, int)
  pthread_mutexattr_setrobust: { parameters: ["buffer", "i32"], result: "i32" }, // int pthread_mutexattr_setrobust(pthread_mutexattr_t *, int)
  pthread_mutex_init: { parameters: ["pointer", "buffer"], result: "i32" }, // int pthread_mutex_init(pthread_mutex_t *, const pthread_mutexattr_t *)
  pthread_mutex_lock: { parameters: ["pointer"], result: "i32" }, // int pthread_mutex_lock(pthread_mutex_t *)
  pthread_mutex_unlock: { parameters: ["pointer"], result: "i32" }, // int pthread_mutex_unlock(pthread_mutex_t *)
  pthread_mutex_consistent: { parameters: ["pointer"], result: "i32" }, // int pthread_mutex_consistent(pthread_mutex_t *)
  pthread_cond_init: { parameters: ["pointer", "pointer"], result: "i32" }, // int pthread_cond_init(pthread_cond_t *, const pthread_condattr_t *)
  pthread_cond_wait: { parameters: ["pointer", "pointer"], result: "i32" }, // int pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *)
  pthread_cond_signal: { parameters: ["pointer"], result: "i32" }, // int pthread_cond_signal(pthread_cond_t *)

  // threads
  pthread_key_create: { parameters: ["buffer", "pointer"], result: "i32" }, // int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
  pthread_key_delete: { parameters: ["u32"], result: "i32" }, // int pthread_key_delete(pthread_key_t key)
  pthread_setspecific: { parameters: ["u32", "usize"], result: "i32" }, // int pthread_setspecific(pthread_key_t key, const void *value)
  closeAddress: { name: "close", type: "pointer" }, // the address of close(2)
  setpriority: { parameters: ["i32", "u32", "i32"], result: "i32" }, // int setpriority(int which, id_t who, int prio)
  sched_getattr: {
    name: "syscall",
    parameters: ["i32", "i32", "buffer", "u32", "u32"],
    result: "i32",
  }, // long syscall(SYS_sched_getattr, pid_t pid, struct sched_attr *attr, unsigned int size, unsigned int flags)
  sched_setscheduler: { parameters: ["i32", "i32", "buffer"], result: "i32" }, // int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)

  // processes
  fork: { parameters: [], result: "i32" }, // pid_t fork(void)
  _Fork: { parameters: [], result: "i32", optional: true }, // pid_t _Fork(void), glibc 2.34
  exitGroup: { name: "syscall", parameters: ["i32", "i32"], result: "i32" }, // long syscall(SYS_exit_group, int status)
  _exit: { parameters: ["i32"], result: "void" }, // void _exit(int status)
  __libc_single_threaded: { type: "pointer" }, // extern char __libc_single_threaded
  wait4: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" }, // pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
  wait4At: { name: "wait4", parameters: ["i32", "pointer", "i32", "pointer"], result: "i32" },
  waitAsync: {
    name: "wait4",
    parameters: ["i32", "buffer", "i32", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  kill: { parameters: ["i32", "i32"], result: "i32" }, // int kill(pid_t pid, int sig)
  getpid: { parameters: [], result: "i32" }, // pid_t getpid(void)
  getppid: { parameters: [], result: "i32" }, // pid_t getppid(void)
  gettid: { parameters: [], result: "i32" }, // pid_t gettid(void)
  setpgid: { parameters: ["i32", "i32"], result: "i32" }, // int setpgid(pid_t pid, pid_t group)
  unshare: { parameters: ["i32"], result: "i32" }, // int unshare(int flags)
  getuid: { parameters: [], result: "i32" }, // uid_t getuid(void)
  setsid: { parameters: [], result: "i32" }, // pid_t setsid(void)
  prctl: { parameters: ["i32", "u32", "u32", "u32", "u32"], result: "i32" }, // int prctl(int option, unsigned long arg2, …, unsigned long arg5)
  prctlWide: { name: "prctl", parameters: ["i32", "i64"], result: "i32" }, // int prctl(int option, unsigned long arg2)
  pidfd_open: { name: "syscall", parameters: ["i32", "i32", "u32"], result: "i32" }, // long syscall(SYS_pidfd_open, pid_t pid, unsigned int flags)
  sched_setaffinity: { parameters: ["i32", "i32", "buffer"], result: "i32" }, // int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *mask)
  sched_getaffinity: { parameters: ["i32", "i32", "buffer"], result: "i32" }, // int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *mask)
  sched_getcpu: { parameters: [], result: "i32" }, // int sched_getcpu(void)
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" }, // int getrlimit(int resource, struct rlimit *limit)
  execve: { parameters: ["buffer", "buffer", "pointer"], result: "i32" }, // int execve(const char *path, char *const argv[], char *const envp[])
  posix_spawn: {
    parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "pointer"],
    result: "i32",
  }, // int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const argv[], char *const envp[])
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" }, // int posix_spawn_file_actions_init(posix_spawn_file_actions_t *)
  posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" }, // int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *, int fd, int newfd)
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" }, // int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *)
  environ: { type: "pointer" }, // extern char **environ
  setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" }, // int setenv(const char *name, const char *value, int overwrite)
  getenv: { parameters: ["buffer"], result: "pointer" }, // char *getenv(const char *name)

  // signals
  sigemptyset: { parameters: ["buffer"], result: "i32" }, // int sigemptyset(sigset_t *set)
  sigfillset: { parameters: ["buffer"], result: "i32" }, // int sigfillset(sigset_t *set)
  sigaddset: { parameters: ["buffer", "i32"], result: "i32" }, // int sigaddset(sigset_t *set, int sig)
  pthread_sigmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" }, // int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
  sigwait: { parameters: ["buffer", "buffer"], result: "i32" }, // int sigwait(const sigset_t *set, int *sig)
  signalfd: { parameters: ["i32", "buffer", "i32"], result: "i32" }, // int signalfd(int fd, const sigset_t *mask, int flags)
  sigaction: { parameters: ["i32", "buffer", "buffer"], result: "i32" }, // int sigaction(int sig, const struct sigaction *action, struct sigaction *old)
  signal: { parameters: ["i32", "usize"], result: "usize" }, // sighandler_t signal(int sig, sighandler_t handler)

  // memory
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" }, // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
  getpagesize: { parameters: [], result: "i32" }, // int getpagesize(void)
  munmap: { parameters: ["pointer", "usize"], result: "i32" }, // int munmap(void *addr, size_t length)
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32" }, // int madvise(void *addr, size_t length, int advice)
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" }, // int memfd_create(const char *name, unsigned int flags)
  ftruncate: { parameters: ["i32", "i64"], result: "i32" }, // int ftruncate(int fd, off_t length)

  fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" }, // int fallocate(int fd, int mode, off_t offset, off_t length)

  // calls from C to C: addresses of functions, and contexts
  addressOfMmap: { name: "mmap", type: "pointer" },
  addressOfSyscall: { name: "syscall", type: "pointer" },
  getcontext: { parameters: ["pointer"], result: "i32" }, // int getcontext(ucontext_t *context)
  makecontext: {
    parameters: ["pointer", "pointer", "i32", "u64", "u64", "u64", "u64", "u64", "u64"],
    result: "void",
  }, // void makecontext(ucontext_t *context, void (*function)(void), int argc, ...)
  swapcontext: { parameters: ["pointer", "pointer"], result: "i32" }, // int swapcontext(ucontext_t *from, const ucontext_t *to)

  // clocks and errors
  clock_gettime: { parameters: ["i32", "pointer"], result: "i32" }, // int clock_gettime(clockid_t id, struct timespec *tp)
  nanosleep: { parameters: ["pointer", "pointer"], result: "i32" }, // int nanosleep(const struct timespec *time, struct timespec *remaining)
  getrusage: { parameters: ["i32", "buffer"], result: "i32" }, // int getrusage(int who, struct rusage *usage)
  __errno_location: { parameters: [], result: "pointer" }, // int *__errno_location(void)
  strerror: { parameters: ["i32"], result: "pointer" }, // char *strerror(int errnum)
  strerrorname_np: { parameters: ["i32"], result: "pointer" }, // const char *strerrorname_np(int errnum), glibc 2.32

  // io_uring
  io_uring_setup: { name: "syscall", parameters: ["i32", "u32", "buffer"], result: "i32" }, // long syscall(SYS_io_uring_setup, unsigned entries, struct io_uring_params *params)
  io_uring_enter: {
    name: "syscall",
    parameters: ["i32", "i32", "u32", "u32", "u32", "pointer"],
    result: "i32",
  }, // long syscall(SYS_io_uring_enter, unsigned fd, unsigned submit, unsigned complete, unsigned flags, const void *arg, size_t), whose size belongs to arg, NULL here
  io_uring_register: {
    name: "syscall",
    parameters: ["i32", "i32", "u32", "buffer", "u32"],
    result: "i32",
  }, // long syscall(SYS_io_uring_register, unsigned fd, unsigned opcode, void *arg, unsigned count)

  // what a kernel allows
  perf_event_open: {
    name: "syscall",
    parameters: ["i32", "buffer", "i32", "i32", "i32", "u32"],
    result: "i32",
  }, // long syscall(SYS_perf_event_open, struct perf_event_attr *attr, pid_t pid, int cpu, int group_fd, unsigned long flags)
  ptrace: { parameters: ["i32", "i32", "pointer", "pointer"], result: "i32" }, // long ptrace(enum request, pid_t pid, void *addr, void *data)
  gnu_get_libc_version: { parameters: [], result: "pointer" }, // const char *gnu_get_libc_version(void)
} as const satisfies Deno.ForeignLibraryInterface;
