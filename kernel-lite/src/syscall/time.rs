// SPDX-License-Identifier: MIT
//! Calls about time, which is the logical clock's.

use super::{Args, SysResult};
use crate::clock::{Clock, SECOND};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::thread::Key;

const TIMER_ABSTIME: u64 = 1;

/// What a clock shows when CLOCK_MONOTONIC is 0; EINVAL for clocks that there are not.
fn epoch(clock: i32) -> Result<u64, Errno> {
    match clock {
        // REALTIME, REALTIME_COARSE, TAI.
        0 | 5 | 11 => Ok(Clock::realtime_of(0)),
        // MONOTONIC, the processor times, MONOTONIC_RAW and COARSE, BOOTTIME; processor clocks by process.
        ..=7 => Ok(0),
        _ => Err(Errno::EINVAL),
    }
}

/// The unit of a `timespec`'s second word in nanoseconds, and of a `timeval`'s.
const TIMESPEC: u64 = 1;
const TIMEVAL: u64 = 1000;

/// Reads a time span or time, in nanoseconds. `unit` is the second word's, in nanoseconds.
#[inline(never)]
fn read_time(k: &mut Kernel, addr: u64, unit: u64) -> Result<u64, Errno> {
    let mut words = [0; 2];
    k.read_user_words(addr, &mut words)?;
    let [seconds, part] = words;
    if (seconds as i64) < 0 || part >= SECOND / unit {
        return Err(Errno::EINVAL);
    }
    Ok(seconds.saturating_mul(SECOND).saturating_add(part * unit))
}

/// A time span without end.
pub const FOREVER: u64 = u64::MAX;

/// The same; without an address, [`FOREVER`].
pub fn read_span(k: &mut Kernel, addr: u64, unit: u64) -> Result<u64, Errno> {
    if addr == 0 { Ok(FOREVER) } else { read_time(k, addr, unit) }
}

/// Writes one, in the same form.
fn write_time(k: &mut Kernel, addr: u64, time: u64, unit: u64) -> Result<(), Errno> {
    k.write_user_words(addr, &[time / SECOND, time % SECOND / unit])
}

/// `clock_gettime(clock, time)`.
pub fn clock_gettime(k: &mut Kernel, a: Args) -> SysResult {
    let now = epoch(a.int(0))? + k.clock.read();
    write_time(k, a.get(1), now, TIMESPEC)?;
    Ok(0)
}

/// `clock_getres(clock, resolution)`.
pub fn clock_getres(k: &mut Kernel, a: Args) -> SysResult {
    epoch(a.int(0))?;
    if a.get(1) != 0 {
        write_time(k, a.get(1), 1, TIMESPEC)?;
    }
    Ok(0)
}

/// `gettimeofday(time, zone)`.
pub fn gettimeofday(k: &mut Kernel, a: Args) -> SysResult {
    let now = k.clock.read_realtime();
    if a.get(0) != 0 {
        write_time(k, a.get(0), now, TIMEVAL)?;
    }
    if a.get(1) != 0 {
        k.write_user_u64(a.get(1), 0)?;
    }
    Ok(0)
}

/// `time(time)`.
pub fn time(k: &mut Kernel, a: Args) -> SysResult {
    let now = k.clock.read_realtime() / SECOND;
    if a.get(0) != 0 {
        k.write_user_u64(a.get(0), now)?;
    }
    Ok(now)
}

/// The steps' clock belongs to the monitor: EPERM.
pub fn set_time(_: &mut Kernel, _: Args) -> SysResult {
    Err(Errno::EPERM.into())
}

/// Sleeps until `deadline`; if a signal comes first, writes what is left to `left`.
fn sleep(k: &mut Kernel, deadline: u64, left: u64) -> SysResult {
    if k.timed_out() {
        return Ok(0);
    }
    if left != 0 && k.signal_ready(k.current) {
        let now = k.clock.now();
        write_time(k, left, deadline.saturating_sub(now), TIMESPEC)?;
    }
    Err(k.block(Key::Sleep, Some(deadline), false))
}

/// `nanosleep(span, left)`.
pub fn nanosleep(k: &mut Kernel, a: Args) -> SysResult {
    let span = read_time(k, a.get(0), TIMESPEC)?;
    let deadline = k.deadline(span);
    sleep(k, deadline, a.get(1))
}

/// `clock_nanosleep(clock, flags, time, left)`.
pub fn clock_nanosleep(k: &mut Kernel, a: Args) -> SysResult {
    let epoch = epoch(a.int(0))?;
    let time = read_time(k, a.get(2), TIMESPEC)?;
    if a.get(1) & TIMER_ABSTIME == 0 {
        let deadline = k.deadline(time);
        return sleep(k, deadline, a.get(3));
    }
    let deadline = time.saturating_sub(epoch);
    k.thread().call.deadline = Some(deadline);
    sleep(k, deadline, 0)
}

fn write_timer(k: &mut Kernel, addr: u64) -> Result<(), Errno> {
    let now = k.clock.now();
    let (left, period) =
        k.proc().alarm.map_or((0, 0), |(at, period)| (at.saturating_sub(now).max(1000), period));
    write_time(k, addr, period, TIMEVAL)?;
    write_time(k, addr.wrapping_add(16), left, TIMEVAL)
}

/// `getitimer(which, value)`.
pub fn getitimer(k: &mut Kernel, a: Args) -> SysResult {
    if a.int(0) != 0 {
        return Err(Errno::EINVAL.into());
    }
    write_timer(k, a.get(1))?;
    Ok(0)
}

/// `setitimer(which, new, old)`.
pub fn setitimer(k: &mut Kernel, a: Args) -> SysResult {
    if a.int(0) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let (mut period, mut span) = (0, 0);
    if a.get(1) != 0 {
        period = read_time(k, a.get(1), TIMEVAL)?;
        span = read_time(k, a.get(1).wrapping_add(16), TIMEVAL)?;
    }
    if a.get(2) != 0 {
        write_timer(k, a.get(2))?;
    }
    set_alarm(k, span, period);
    Ok(0)
}

fn set_alarm(k: &mut Kernel, span: u64, period: u64) {
    let at = k.clock.now().saturating_add(span);
    k.proc().alarm = (span != 0).then_some((at, period));
    if span != 0 {
        k.timer_at(at);
    }
}

/// `alarm(seconds)`.
pub fn alarm(k: &mut Kernel, a: Args) -> SysResult {
    let now = k.clock.now();
    let left = k.proc().alarm.map_or(0, |(at, _)| at.saturating_sub(now).div_ceil(SECOND));
    set_alarm(k, a.uint(0) as u64 * SECOND, 0);
    Ok(left)
}

/// `times(buffer)`: a hundredth of a second for each thousand calls.
pub fn times(k: &mut Kernel, a: Args) -> SysResult {
    let (own, children) = (k.proc().calls / 1000, k.proc().child_calls / 1000);
    if a.get(0) != 0 {
        k.write_user_words(a.get(0), &[own, 0, children, 0])?;
    }
    Ok(k.clock.read() / (SECOND / 100))
}
