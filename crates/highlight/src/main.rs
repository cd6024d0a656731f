//! The program of the worker that colours source code.

fn main() {
    onionskin_highlight::serve();
}
