//! The program of every Web Worker of the page.

fn main() {
    onionskin_web::worker();
}
