//! Entries of all types: sparse files, devices, what is overhead, and headers that are refused.

use super::*;
// By name: a glob does not win over the attribute of the prelude.
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The four ways to store a sparse file; the ledger counts what is stored, `ls` what a program reads.
#[test]
fn sparse_files_count_what_is_stored() {
    let data = bytes(1024);
    let (first, second) = data.split_at(512);
    let old = layer("x").sparse("/s", 100_000, &[(4096, first), (50_000, second)]);
    let pax_01 = layer("x")
        .file("/GNUSparseFile.1/s", data.clone())
        .pax("GNU.sparse.size", "100000")
        .pax("GNU.sparse.numblocks", "2")
        .pax("GNU.sparse.map", "4096,512,50000,512")
        .pax("GNU.sparse.name", "s");
    let pax_00 = layer("x")
        .file("/s", data.clone())
        .pax("GNU.sparse.size", "100000")
        .pax("GNU.sparse.offset", "4096")
        .pax("GNU.sparse.numbytes", "512")
        .pax("GNU.sparse.offset", "50000")
        .pax("GNU.sparse.numbytes", "512");
    let mut mapped = b"2\n4096\n512\n50000\n512\n".to_vec();
    mapped.resize(512, 0);
    mapped.extend_from_slice(&data);
    let pax_10 = layer("x")
        .file("/GNUSparseFile.1/s", mapped)
        .pax("GNU.sparse.major", "1")
        .pax("GNU.sparse.minor", "0")
        .pax("GNU.sparse.realsize", "100000")
        .pax("GNU.sparse.name", "s");
    let mut whole = vec![0; 100_000];
    whole[4096..4608].copy_from_slice(first);
    whole[50_000..50_512].copy_from_slice(second);
    let dense = index(&layer("x").file("/s", whole));
    for sparse in [old, pax_01, pax_00, pax_10] {
        let index = index(&sparse);
        let entry = index.entries().next().unwrap();
        assert_eq!(index.path(entry), b"/s");
        assert_eq!(
            (index.size(entry), index.logical_size(entry)),
            (1024, 100_000)
        );
        assert_eq!(index.stored() + index.overhead(), sparse.tar().len() as u64);
        // The same file written out whole has the same content.
        assert_eq!(
            index.content(entry),
            dense.content(dense.entries().next().unwrap())
        );
    }
    let lying = layer("x")
        .file("/s", data)
        .pax("GNU.sparse.size", "100")
        .pax("GNU.sparse.map", "0,512,99,512");
    assert!(refusal(&lying.tar()).contains("sparse map"));
}

#[test]
fn devices_keep_their_numbers() {
    let index = index(&layer("x").block_device("/sda", 8, 1).file("/a", ""));
    let devices = index.entries().map(|entry| index.device(entry));
    assert!(devices.eq([Some((8, 1)), None]));
}

#[test]
fn what_is_no_part_of_the_image_is_overhead() {
    let layer = layer("x")
        .file("/.wh..wh.plnk/1.2", "left over")
        .file("/.wh..wh.aufs", "")
        .file("/.wh.", "")
        .file("/vol", "label")
        .typeflag(b'V')
        .file("/.wh.x/y", "below a whiteout")
        .file("/.wh.gone", "stored in a whiteout")
        .file("/a", "1");
    let index = index(&layer);
    assert_eq!(index.stored(), 1);
    let kinds: Vec<_> = index.remarks().iter().map(|remark| remark.kind).collect();
    assert_eq!(
        kinds,
        [RemarkKind::BareWhiteout, RemarkKind::UnknownType(b'V')]
    );
    let lines: Vec<_> = lines(index)
        .into_iter()
        .map(|line| (line.path, line.kind))
        .collect();
    assert_eq!(
        lines,
        [
            ("/a".to_owned(), "file".to_owned()),
            ("/gone".to_owned(), "whiteout".to_owned())
        ]
    );
}

/// moby, pkg/archive/diff.go: what AUFS kept aside is unpacked where hard links name it.
#[test]
fn hard_links_to_what_aufs_kept_aside_have_its_content() {
    let aside = || {
        layer("x")
            .dir("/.wh..wh.plnk")
            .file("/.wh..wh.plnk/17.4", bytes(4000))
            .mode(0o4755)
            .owner(7, 8)
            .xattr("user.a", "1")
    };
    let told = |layer: &Layer| {
        let row = |line: Line| {
            let target = line.link_target.unwrap_or_default();
            format!(
                "{} {} {} {} {target}",
                line.path, line.kind, line.size, line.mode
            )
        };
        let index = index(layer);
        assert_eq!(LayerIndex::from_bytes(&index.to_bytes()), Ok(index.clone()));
        assert_eq!(index.stored() + index.overhead(), layer.tar().len() as u64);
        let stored = index.stored();
        (
            stored,
            lines(index).into_iter().map(row).collect::<Vec<_>>(),
        )
    };
    let named = aside()
        .hardlink("/usr/prog", "/.wh..wh.plnk/17.4")
        .hardlink("/usr/same", "./.wh..wh.plnk//17.4");
    let rows = [
        "/usr/prog file 4000 4755 ",
        "/usr/same hardlink 0 644 /usr/prog",
    ];
    assert_eq!(told(&named), (4000, rows.map(str::to_owned).to_vec()));
    // Links may stand before it in the tar.
    let early = layer("x")
        .hardlink("/usr/prog", "/.wh..wh.plnk/17.4")
        .hardlink("/usr/same", "/.wh..wh.plnk/17.4")
        .with(aside());
    assert_eq!(told(&early), (4000, rows.map(str::to_owned).to_vec()));
    // It costs what is stored, not its link.
    let cost = |layer: &Layer| index(layer).cost(onionskin_layers::layer::EntryId(0));
    assert_eq!(
        (cost(&named), cost(&early)),
        (512 + 512 + 512 + 4096, 512 + 512 + 512 + 4096)
    );
    // Under no name it is overhead.
    assert_eq!(told(&aside()), (0, vec![]));
    let elsewhere = aside().hardlink("/no", "/.wh..wh.plnk/5");
    assert_eq!(
        told(&elsewhere),
        (0, vec!["/no hardlink 0 644 /.wh..wh.plnk/5".to_owned()])
    );
    // Stored twice, each link has what was there.
    let twice = aside()
        .hardlink("/one", "/.wh..wh.plnk/17.4")
        .file("/.wh..wh.plnk/17.4", "other")
        .hardlink("/two", "/.wh..wh.plnk/17.4");
    let rows = ["/one file 4000 4755 ", "/two file 5 644 "];
    assert_eq!(told(&twice), (4005, rows.map(str::to_owned).to_vec()));
    // A FIFO, a symbolic link, a sparse file, and a link to a file of the image.
    let odd = layer("x")
        .file("/a", "1")
        .fifo("/.wh..wh.plnk/p")
        .symlink("/.wh..wh.plnk/s", "a")
        .sparse("/.wh..wh.plnk/h", 9000, &[(4096, &[1; 100])])
        .hardlink("/.wh..wh.plnk/l", "/a")
        .hardlink("/p", "/.wh..wh.plnk/p")
        .hardlink("/s", "/.wh..wh.plnk/s")
        .hardlink("/h", "/.wh..wh.plnk/h")
        .hardlink("/l", "/.wh..wh.plnk/l");
    let rows = [
        "/a file 1 644 ",
        "/h file 9000 644 ",
        "/l hardlink 0 644 /a",
        "/p fifo 0 600 ",
        "/s symlink 0 777 a",
    ];
    assert_eq!(told(&odd), (101, rows.map(str::to_owned).to_vec()));
}

#[test]
fn hostile_numbers_and_records_are_refused_with_their_place() {
    for (layer, why) in [
        (
            layer("x").file("/a", "").pax("size", "-1"),
            "must be a number",
        ),
        (
            layer("x").file("/a", "").pax("size", "9223372036854775807"),
            "must be a number",
        ),
        (layer("x").file("/a", "").pax("path", "a\0b"), "NUL"),
        // Cut at the NUL, as C does, it would be another attribute.
        (layer("x").file("/a", "").xattr("user.a\0b", "1"), "NUL"),
        (
            layer("x")
                .file("/a", "")
                .pax("comment", "x".repeat(2 << 20)),
            "extension records",
        ),
        (
            layer("x").file("/a/".repeat(2000) + "b", ""),
            "bytes in a path",
        ),
    ] {
        let error = refusal(&layer.tar());
        assert!(error.contains(why), "{error}");
        assert!(error.contains("at byte 0 of its tar"), "{error}");
    }
    // A claimed size of terabytes is counted, not allocated; the tar then ends too early.
    let huge = layer("x").file("/a", "").claimed_size(8 << 30);
    assert!(refusal(&huge.tar()).contains("middle of an entry"));
}

/// Found by the fuzz target `pax`: the place was that of the piece in which the header's body ended.
#[test]
fn a_wrong_global_header_is_named_by_its_own_place() {
    let wrong = layer("x").file("/g", "9 a=b\n").typeflag(b'g');
    let tar = layer("x").file("/a", "1").with(wrong).tar();
    for size in [1, 700, tar.len()] {
        let error = decode_in(&tar, size).unwrap_err().to_string();
        assert!(error.contains("at byte 1024 of its tar"), "{error}");
    }
}
