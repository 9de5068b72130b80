/* SPDX-License-Identifier: MIT
 * Family: fork, vfork, exec, wait, exit, process groups, posix_spawn. */
#include "report.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;
static int shared_by_copy = 1;

static void status(const char *what, int st)
{
    if (WIFEXITED(st))
        printf("%s: exit %d\n", what, WEXITSTATUS(st));
    else if (WIFSIGNALED(st))
        printf("%s: signal %d\n", what, WTERMSIG(st));
    else
        printf("%s: %x\n", what, st);
}

static void script(const char *name, const char *body)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    must(name, fd >= 0);
    write(fd, body, strlen(body));
    close(fd);
}

int main(int argc, char **argv)
{
    char self[4096], b[200];
    int st;
    if (argc > 1 && !strcmp(argv[1], "child")) {
        printf("child: argc %d last %s env %s\n", argc, argv[argc - 1], getenv("COLOUR") ? getenv("COLOUR") : "none");
        return 42;
    }
    if (argc > 2 && strstr(argv[2], "a.script")) {
        printf("as interpreter:");
        for (int i = 1; i < argc; i++)
            printf(" %s", argv[i]);
        printf("\n");
        return 7;
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    must("readlink self", n > 0);
    self[n] = 0;
    setvbuf(stdout, 0, _IONBF, 0);

    int pid = fork();
    if (pid == 0) {
        shared_by_copy = 2;
        _exit(shared_by_copy + 1);
    }
    number("wait gives the child", waitpid(pid, &st, 0) == pid);
    status("fork", st);
    number("copy on write", shared_by_copy);
    result("no child left", wait(&st));
    result("wait for stranger", waitpid(1, &st, 0));

    int *common = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fork() == 0) {
        *common = 77;
        _exit(0);
    }
    wait(&st);
    number("shared mapping", *common);

    int p[2];
    pipe(p);
    pid = fork();
    if (pid == 0) {
        read(p[0], b, 1);
        _exit(5);
    }
    result("nohang", waitpid(pid, &st, WNOHANG));
    write(p[1], "g", 1);
    number("then", waitpid(pid, &st, 0) == pid);
    status("after", st);

    int kids[5], sum = 0;
    for (int i = 0; i < 5; i++)
        if ((kids[i] = fork()) == 0)
            _exit(10 + i);
    for (int i = 0; i < 5; i++) {
        wait(&st);
        sum += WEXITSTATUS(st);
    }
    number("five children", sum);

    pid = fork();
    if (pid == 0) {
        char *a[] = {"renamed", "child", "the last", 0}, *e[] = {"COLOUR=blue", 0};
        execve(self, a, e);
        _exit(1);
    }
    waitpid(pid, &st, 0);
    status("execve", st);

    pid = vfork();
    if (pid == 0) {
        execl(self, self, "child", "from vfork", (char *)0);
        _exit(1);
    }
    waitpid(pid, &st, 0);
    status("vfork", st);

    char *a[] = {self, "child", "spawned", 0};
    posix_spawn_file_actions_t fa;
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 1, "spawn.out", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    number("posix_spawn", posix_spawn(&pid, self, &fa, 0, a, environ));
    waitpid(pid, &st, 0);
    status("spawned", st);
    int fd = open("spawn.out", O_RDONLY);
    n = read(fd, b, sizeof b - 1);
    b[n > 0 ? n : 0] = 0;
    printf("its output: %s", b);
    number("spawn of nothing", posix_spawn(&pid, "./nothing", 0, 0, a, environ));

    snprintf(b, sizeof b, "#!%s an-argument\nrest\n", self);
    if (strlen(self) < 100)
        script("a.script", b);
    pid = fork();
    if (pid == 0) {
        /* interpreter, its argument, the script, then our arguments */
        char *args[] = {"a.script", "one", "two", 0};
        execve("./a.script", args, environ);
        _exit(1);
    }
    waitpid(pid, &st, 0);
    number("script ran", WIFEXITED(st));

    script("garbage", "\177ELFnot really");
    script("empty", "");
    script("noint", "#!/no/such/interpreter\n");
    char *args[] = {"x", 0};
    result("exec garbage", execve("./garbage", args, environ));
    result("exec empty", execve("./empty", args, environ));
    result("exec without interpreter", execve("./noint", args, environ));
    result("exec missing", execve("./missing", args, environ));
    result("exec directory", execve(".", args, environ));
    chmod("garbage", 0644);
    result("exec not executable", execve("./garbage", args, environ));
    result("exec bad argv", execve(self, (char **)8, environ));

    fd = open("inherit", O_RDWR | O_CREAT, 0644);
    int ce = fcntl(fd, F_DUPFD_CLOEXEC, 50);
    number("before exec", fcntl(ce, F_GETFD));
    pid = fork();
    if (pid == 0)
        _exit(fcntl(ce, F_GETFD) == FD_CLOEXEC ? 0 : 1);
    waitpid(pid, &st, 0);
    status("cloexec kept by fork", st);

    pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            read(p[0], b, 1);
            write(p[1], "o", 1);
            _exit(3);
        }
        _exit(0);
    }
    waitpid(pid, &st, 0);
    status("orphan's parent", st);
    write(p[1], "g", 1);

    pid = fork();
    if (pid == 0) {
        number("setpgid", setpgid(0, 0));
        number("own group", getpgrp() == getpid());
        _exit(0);
    }
    waitpid(pid, &st, 0);
    pid = fork();
    if (pid == 0) {
        number("setsid", setsid() == getpid());
        result("setsid again", setsid());
        number("session", getsid(0) == getpid());
        _exit(0);
    }
    waitpid(pid, &st, 0);
    pid = fork();
    if (pid == 0)
        abort();
    waitpid(pid, &st, 0);
    status("abort", st);
    siginfo_t si;
    pid = fork();
    if (pid == 0)
        _exit(9);
    result("waitid", waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
    number("si_status", si.si_status);
    number("si_code", si.si_code == CLD_EXITED);
    number("still there", waitpid(pid, &st, 0) == pid);
    number("parent", getppid() > 0);
    printf("system: %d\n", WEXITSTATUS(system("")) >= 0);
    return 0;
}
