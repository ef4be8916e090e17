//! Turns the core into a Node-API addon: one environment's data, its exported entries, error conversion. No policy.

mod napi;
