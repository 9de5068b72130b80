// SPDX-License-Identifier: MIT
//! The machine, as the monitor sees it. `firmware/` implements it for each board family; the host
//! implementation serves the tests.

/// Why a block device refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// The sector range does not lie on the device.
    OutOfRange,
    /// The device is write-protected.
    ReadOnly,
    /// The device reported an error or did not answer.
    Io,
}

/// A disk. Sectors have 512 bytes; buffers are whole numbers of sectors.
pub trait BlockDevice {
    /// The name that a target is chosen by, for example a virtio-blk serial number.
    fn serial(&self) -> &[u8];
    /// The size in sectors of 512 bytes.
    fn sectors(&self) -> u64;
    /// Whether the device refuses writes.
    fn read_only(&self) -> bool;
    /// Reads whole sectors starting at `sector`.
    fn read(&mut self, sector: u64, buf: &mut [u8]) -> Result<(), BlockError>;
    /// Writes whole sectors starting at `sector`.
    fn write(&mut self, sector: u64, buf: &[u8]) -> Result<(), BlockError>;
    /// Returns when everything written is on the medium.
    fn flush(&mut self) -> Result<(), BlockError>;
}

/// What the monitor needs of a machine.
pub trait Machine {
    /// Writes bytes to the console as they are.
    fn console_write(&mut self, bytes: &[u8]);
    /// The next byte typed on the console, if there is one.
    fn console_read(&mut self) -> Option<u8>;
    /// The free-running counter (CNTVCT, TSC), in ticks.
    fn counter(&self) -> u64;
    /// Ticks of [`Machine::counter`] per second.
    fn counter_hz(&self) -> u64;
    /// Arms the one-shot timer to interrupt user mode `ticks` from now, or disarms it.
    fn set_timer(&mut self, ticks: Option<u64>);
    /// The number of block devices found.
    fn block_count(&self) -> usize;
    /// Block device `index`, below [`Machine::block_count`].
    fn block(&mut self, index: usize) -> &mut dyn BlockDevice;
    /// Bytes that the global allocator can still give.
    fn heap_free(&self) -> usize {
        usize::MAX
    }
    /// Ends the machine. `code` is passed to the emulator where one can be.
    fn power_off(&mut self, code: u8) -> !;
    /// Restarts the machine.
    fn reset(&mut self) -> !;
}
