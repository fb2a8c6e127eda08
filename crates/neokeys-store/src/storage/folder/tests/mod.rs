//! Stores in folders whose file system, clock or disk a test has in its hands.

mod clock_skew;
mod edited_after_a_write;
mod fault_injection;
mod killed_beside_others;
mod recorded_changes;
mod slow_disk;
mod unacknowledged_write;
mod usage_record;
