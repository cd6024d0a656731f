//! Onionskin as its users meet it: the command, the gateway and the page with real registries, tools and a browser.

// Where a test's ground gives way, the test has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// Measurements are shown when a test fails.
#![allow(clippy::print_stdout)]

mod action;
mod audit;
mod audit_docs;
mod audit_reports;
mod audit_rules;
mod badge;
mod cache;
mod cli;
mod connections;
mod content;
mod credentials;
mod diff;
mod engines;
mod foreign_layers;
mod gateway;
mod gateway_clients;
mod gateway_errors;
mod gateway_framing;
mod gateway_manifests;
mod gateway_operations;
mod gateway_queries;
mod guard;
mod habits;
mod limits;
mod link;
mod linked_folders;
mod odd_documents;
mod odd_registries;
mod outputs;
mod page;
mod page_access;
mod page_files;
mod page_growth;
mod page_large_files;
mod page_layout;
mod page_places;
mod page_privacy;
mod page_registries;
mod page_states;
mod page_waste;
mod pipeline_commands;
mod referrers;
mod registry_access;
mod registry_busy;
mod registry_client;
mod registry_codings;
mod registry_lists;
mod registry_transfers;
mod repeated_blobs;
mod repositories;
mod review_docs;
mod rules_schema;
mod saved_and_served;
mod saved_images;
mod secrets;
mod security_docs;
mod sources;
mod umoci;
mod unavailable_layers;
mod unpacked_sizes;
mod widths;
