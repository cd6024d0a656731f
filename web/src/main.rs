//! The program of the page's main thread.

fn main() {
    onionskin_web::page();
}
