/* SPDX-License-Identifier: MIT
 * Family: signals: handlers, masks, alternative stacks, faults, timers, stop and continue. */
#include "report.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

static volatile sig_atomic_t count, last, value, code;
static sigjmp_buf back;
static char *fault_at, *page;
static char alt[65536];

static void plain(int s) { count++; last = s; }
static void info(int s, siginfo_t *si, void *u)
{
    count++;
    last = s;
    value = si->si_value.sival_int;
    code = si->si_code;
    (void)u;
}
static void on_fault(int s, siginfo_t *si, void *u)
{
    (void)u;
    last = s;
    code = si->si_code;
    fault_at = si->si_addr;
    siglongjmp(back, 1);
}
static void repair(int s, siginfo_t *si, void *u)
{
    (void)u;
    (void)si;
    last = s;
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}
static void on_alt(int s)
{
    char here;
    last = s;
    value = &here >= alt && &here < alt + sizeof alt;
}
static void nested(int s)
{
    count = count * 10 + (s == SIGUSR1 ? 1 : 2);
    if (s == SIGUSR1) {
        raise(SIGUSR2);
        count = count * 10 + 3;
    }
}
static void handle(int s, void (*f)(int), int flags)
{
    struct sigaction a = {.sa_handler = f, .sa_flags = flags};
    must("sigaction", sigaction(s, &a, 0) == 0);
}
static void handle_info(int s, void (*f)(int, siginfo_t *, void *), int flags)
{
    struct sigaction a = {.sa_sigaction = f, .sa_flags = flags | SA_SIGINFO};
    must("sigaction", sigaction(s, &a, 0) == 0);
}

int main(void)
{
    int st, pid;
    sigset_t set, old;
    setvbuf(stdout, 0, _IONBF, 0);
    handle(SIGUSR1, plain, 0);
    raise(SIGUSR1);
    printf("raise: %d %d\n", count, last == SIGUSR1);
    kill(getpid(), SIGUSR1);
    number("kill self", count);
    handle_info(SIGUSR2, info, 0);
    union sigval v = {.sival_int = 1234};
    sigqueue(getpid(), SIGUSR2, v);
    printf("sigqueue: %d %d\n", value, code == SI_QUEUE);
    double keep = 1.5;
    kill(getpid(), SIGUSR1);
    printf("floating point kept: %.2f\n", keep * 2);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    count = 0;
    raise(SIGUSR1);
    raise(SIGUSR1);
    number("blocked", count);
    sigpending(&set);
    number("pending", sigismember(&set, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, 0);
    number("delivered once", count);

    handle(SIGUSR1, nested, 0);
    handle(SIGUSR2, nested, 0);
    count = 0;
    raise(SIGUSR1);
    number("nested", count);
    struct sigaction a = {.sa_handler = nested};
    sigemptyset(&a.sa_mask);
    sigaddset(&a.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &a, 0);
    count = 0;
    raise(SIGUSR1);
    number("masked in handler", count);
    handle(SIGUSR1, plain, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, 0, &a);
    number("reset", a.sa_handler == SIG_DFL);
    result("handler for SIGKILL", sigaction(SIGKILL, &a, 0));
    result("handler for 99", sigaction(99, &a, 0));

    handle_info(SIGSEGV, on_fault, 0);
    page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sigsetjmp(back, 1))
        *(volatile char *)page = 1;
    printf("write to read-only: %d code %d address %d\n", last == SIGSEGV, code == SEGV_ACCERR, fault_at == page);
    if (!sigsetjmp(back, 1))
        *(volatile char *)64 = 1;
    printf("unmapped: %d code %d address %d\n", last == SIGSEGV, code == SEGV_MAPERR, fault_at == (char *)64);
    if (!sigsetjmp(back, 1)) {
        void (*f)(void) = (void (*)(void))page;
        f();
    }
    printf("execute data: %d address %d\n", last == SIGSEGV, fault_at == page);
    handle_info(SIGSEGV, repair, 0);
    *(volatile char *)page = 9;
    number("repaired in the handler", page[0]);
    handle_info(SIGILL, on_fault, 0);
    if (!sigsetjmp(back, 1))
#ifdef __x86_64__
        __asm__ volatile("ud2");
#else
        __asm__ volatile(".inst 0");
#endif
    number("illegal instruction", last == SIGILL);
    handle_info(SIGTRAP, on_fault, 0);
    if (!sigsetjmp(back, 1))
#ifdef __x86_64__
        __asm__ volatile("int3");
#else
        __asm__ volatile("brk #1");
#endif
    number("trap", last == SIGTRAP);

    stack_t ss = {.ss_sp = alt, .ss_size = sizeof alt}, was;
    result("sigaltstack", sigaltstack(&ss, 0));
    handle(SIGUSR1, on_alt, SA_ONSTACK);
    raise(SIGUSR1);
    number("on the alternative stack", value);
    sigaltstack(0, &was);
    number("its size", was.ss_size);

    pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        *(volatile char *)8 = 1;
        _exit(0);
    }
    waitpid(pid, &st, 0);
    printf("killed by: %d\n", WTERMSIG(st));
    pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    kill(pid, SIGTERM);
    waitpid(pid, &st, 0);
    printf("killed by: %d\n", WTERMSIG(st));
    pid = fork();
    if (pid == 0) {
        signal(SIGTERM, SIG_IGN);
        raise(SIGTERM);
        _exit(4);
    }
    waitpid(pid, &st, 0);
    number("ignored", WEXITSTATUS(st));

    handle(SIGCHLD, plain, 0);
    count = 0;
    pid = fork();
    if (pid == 0)
        _exit(0);
    while (waitpid(pid, &st, 0) < 0)
        ;
    number("SIGCHLD", count);
    signal(SIGCHLD, SIG_IGN);
    pid = fork();
    if (pid == 0)
        _exit(0);
    result("no zombie when ignored", waitpid(pid, &st, 0));
    signal(SIGCHLD, SIG_DFL);

    int gate[2];
    char c;
    pipe(gate);
    pid = fork();
    if (pid == 0) {
        raise(SIGSTOP);
        read(gate[0], &c, 1); /* its end would hide that it was continued */
        _exit(6);
    }
    waitpid(pid, &st, WUNTRACED);
    printf("stopped: %d %d\n", WIFSTOPPED(st), WSTOPSIG(st) == SIGSTOP);
    kill(pid, SIGCONT);
    waitpid(pid, &st, WCONTINUED);
    number("continued", WIFCONTINUED(st));
    write(gate[1], "e", 1);
    waitpid(pid, &st, 0);
    number("ended", WEXITSTATUS(st));

    handle(SIGALRM, plain, 0);
    count = 0;
    /* The timer goes on: on a busy machine the first signal can come before the call that it is to interrupt. */
    struct itimerval it = {{0, 200000}, {0, 200000}}, off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &it, 0);
    result("pause", pause());
    setitimer(ITIMER_REAL, &off, 0);
    number("alarm", count > 0);
    sigset_t none, alarms;
    sigemptyset(&none);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarms, 0);
    count = 0;
    alarm(1);
    result("sigsuspend", sigsuspend(&none));
    number("alarm", count);
    sigprocmask(SIG_UNBLOCK, &alarms, 0);
    struct timespec ts = {1000, 0}, rest;
    setitimer(ITIMER_REAL, &it, 0);
    result("interrupted sleep", nanosleep(&ts, &rest));
    number("rest", rest.tv_sec >= 500 && rest.tv_sec < 1000);
    int p[2];
    pipe(p);
    result("interrupted read", read(p[0], &c, 1));
    setitimer(ITIMER_REAL, &off, 0);
    handle(SIGALRM, plain, SA_RESTART);
    it.it_interval.tv_usec = 0;
    setitimer(ITIMER_REAL, &it, 0);
    pid = fork();
    if (pid == 0) {
        usleep(600000);
        write(p[1], "r", 1);
        _exit(0);
    }
    result("restarted read", read(p[0], &c, 1));
    waitpid(pid, &st, 0);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, 0);
    sigqueue(getpid(), SIGUSR2, v);
    siginfo_t si;
    ts.tv_sec = 1;
    number("sigtimedwait", sigtimedwait(&set, &si, &ts) == SIGUSR2);
    number("its value", si.si_value.sival_int);
    ts.tv_sec = 0;
    ts.tv_nsec = 1000;
    result("sigtimedwait empty", sigtimedwait(&set, &si, &ts));
    result("kill nobody", kill(999999, 0));
    result("kill 0 self", kill(getpid(), 0));
    result("bad signal", kill(getpid(), 100));
    return 0;
}
