//! What mutations begin with: small inputs, each of which takes another way through the code.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures::executor::block_on;
use onionskin_core::analysis::{self, AnalyzedLayer};
use onionskin_core::source::NotFetched;
use onionskin_core::source::archive::{Archive, Form};
use onionskin_fixtures::write::{Generation, docker_archive, oci_archive};
use onionskin_fixtures::{
    self as fixtures, Image, Layer, Packed, bytes, corpus, layer, planted, text,
};

use crate::layer::decoded;

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(crate) fn references() -> Vec<Vec<u8>> {
    let digest = fixtures::sha256(b"");
    let mut seeds = texts(&[
        "nginx",
        "index.docker.io/library/nginx:1.27",
        "localhost/team/app",
        "[::1]:5000/team__a/b-c/d.e:v1",
        "registry.example.com:65535/team/app:1.0",
        "linux/arm/v7",
        "windows/amd64",
    ]);
    seeds.push(digest.clone().into_bytes());
    seeds.push(format!("foo:5000/bar:1@{digest}").into_bytes());
    seeds.push(format!("sha512:{}", "0123456789abcdef".repeat(8)).into_bytes());
    seeds
}

fn app() -> Image {
    Image::new()
        .layer(layer("COPY . /app").dir("/app").file("/app/run", "run"))
        .layer(layer("RUN rm /app/run").whiteout("/app/run"))
        .env("PATH=/bin")
        .volume("/data")
        .expose("80/tcp")
        .label("a", "b")
        .healthcheck("true")
        .cmd(&["/bin/sh"])
}

pub(crate) fn manifests() -> Vec<Vec<u8>> {
    let (oci, docker) = (app().annotation("a", "b").pack(), app().docker().pack());
    let attestation = fixtures::attestation(&oci);
    let index = fixtures::index(oci.family, &[oci.clone(), attestation.clone()]);
    let list = fixtures::index(docker.family, std::slice::from_ref(&docker));
    let mut seeds = vec![
        oci.manifest.bytes,
        docker.manifest.bytes,
        attestation.manifest.bytes,
        index.bytes,
        list.bytes,
    ];
    seeds.extend(texts(&[
        r#"{"schemaVersion":1,"fsLayers":[],"history":[],"signatures":[]}"#,
        r#"{"schemaVersion":2,"artifactType":"a/b","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"urls":["https://example.com/x"]}]}"#,
    ]));
    seeds
}

pub(crate) fn configs() -> Vec<Vec<u8>> {
    let mut seeds = vec![app().pack().config.bytes];
    seeds.extend(texts(&[
        r#"{"config":null,"rootfs":{"diff_ids":[null]},"history":[{"created_by":"/bin/sh -c #(nop)  CMD [\"sh\"]","empty_layer":true},null,{"created_by":"RUN |1 A=b /bin/sh -c make # buildkit"}]}"#,
        r#"{"config":{"Env":{"A":"b"},"Cmd":"sh","Volumes":["/v"],"ExposedPorts":8080,"Labels":["k=v"],"Healthcheck":{"Test":"true","Interval":-1}}}"#,
    ]));
    seeds
}

pub(crate) fn rules() -> Vec<Vec<u8>> {
    texts(&[
        "rules:\n  minEfficiency: 95%\n  maxWastedBytes: 20 MB\n  wastedShareFloor: 1MiB\n  maxLayers: 30\n",
        "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: \"0.20\"\n",
        "rules: {maxSize: 1.5 GiB, maxWastedShare: 0.1}\n# comment\n",
        "a: &a [1]\nb: *a\n",
    ])
}

/// What was planted to be found, each in a file of any sort, and what only looks like it.
pub(crate) fn secrets() -> Vec<Vec<u8>> {
    let planted = planted::secrets().into_iter();
    let mut seeds: Vec<Vec<u8>> = (0u8..)
        .zip(planted)
        .map(|(place, plant)| [&[place][..], plant.content.as_bytes()].concat())
        .collect();
    seeds.extend(texts(&[
        "\x01API_TOKEN=$TOKEN\nPASSWORD=changeme\n",
        "\x05machine example.com login me password letmein99\n",
        "\x0acurl -u me:hunter2hunter2 https://me:hunter2hunter2@example.com/ # comment\n",
        "\x09root:$6$saltsalt$hashhashhashhash:19700:0:99999:7:::\n",
        "\0\u{feff}key: \"value\"\r\n",
    ]));
    seeds
}

/// Something of every kind, with every extension.
fn varied() -> Layer {
    layer("COPY")
        .dir("/app")
        .file("/app/bin", bytes(600))
        .symlink("/app/link", "bin")
        .hardlink("/app/again", "/app/bin")
        .file(format!("/app/{}/x", "long".repeat(30)), text(100))
        .xattr("security.capability", "\x01\n=\n")
        .sparse("/app/sparse", 1 << 20, &[(0, &[1; 512]), (8192, &[2; 100])])
        .char_device("/dev/null", 1, 3)
        .fifo("/run/p")
        .whiteout("/etc/old")
        .opaque("/var/lib")
        .mtime(-5)
}

/// Bytes of a tar, at most, so that it is turned over often.
const SMALL: usize = 8 << 10;

/// Layers of the conformance corpus, each of one idea.
fn ideas() -> Vec<Layer> {
    let layers = corpus::cases().into_iter().flat_map(|case| case.layers);
    let mut seen = HashSet::new();
    layers
        .filter(|layer| {
            let tar = layer.tar();
            tar.len() <= SMALL && seen.insert(fixtures::sha256(&tar))
        })
        .collect()
}

pub(crate) fn tars() -> Vec<Vec<u8>> {
    ideas()
        .iter()
        .map(Layer::tar)
        .chain([varied().tar()])
        .collect()
}

pub(crate) fn pax_records() -> Vec<Vec<u8>> {
    let mut seeds = texts(&[
        "13 path=good\n",
        "12 mtime=-1.5\n9 uid=-2\n",
        "11 size=600\n",
        "41 SCHILY.xattr.user.a=x\n10 path=evil\nyz\n",
        "37 LIBARCHIVE.xattr.user%2eb=YmluYXJ5\n",
        "25 GNU.sparse.size=100000\n23 GNU.sparse.offset=0\n26 GNU.sparse.numbytes=50\n",
        "25 GNU.sparse.size=100000\n22 GNU.sparse.map=0,50\n19 GNU.sparse.name=s\n",
        "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n",
        "long/name\0",
    ]);
    seeds.push([&b"1\n0\n5\n"[..], &[0; 505], b"12345"].concat());
    seeds
}

pub(crate) fn gzip() -> Vec<Vec<u8>> {
    let (small, large) = (gzip_of(&text(300)), gzip_of(&text(30_000)));
    let body = small[10..].to_vec();
    let head = |flags: u8, fields: &[u8]| {
        [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255], fields, &body].concat()
    };
    vec![
        body[..body.len() - 8].to_vec(),
        [small.clone(), gzip_of(b"second")].concat(),
        [small.clone(), vec![0; 30]].concat(),
        head(4, b"\x03\0abc"),
        head(8, b"name\0"),
        head(31, b"\x01\0zname\0comment\0xx"),
        gzip_of(&bytes(600)),
        gzip_of(&[0; 100_000]),
        large,
        small,
    ]
}

fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    fixtures::gzip(bytes)
}

fn zstd_of(bytes: &[u8], checksum: bool) -> Vec<u8> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).expect("an encoder");
    encoder.include_checksum(checksum).expect("an encoder");
    std::io::Write::write_all(&mut encoder, bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn zstd() -> Vec<Vec<u8>> {
    let skippable = [&[0x5a, 0x2a, 0x4d, 0x18][..], &[3, 0, 0, 0], b"abc"].concat();
    let (small, summed) = (zstd_of(&text(300), false), zstd_of(&text(2000), true));
    vec![
        [
            skippable.clone(),
            small.clone(),
            skippable.clone(),
            summed.clone(),
        ]
        .concat(),
        zstd::bulk::compress(&text(500), 19).expect("memory"),
        zstd_of(&bytes(600), true),
        zstd_of(&[0; 300_000], true),
        zstd_of(&text(200_000), false),
        skippable,
        small,
        summed,
    ]
}

pub(crate) fn layers() -> Vec<Vec<u8>> {
    let tar = varied().tar();
    let blobs = [tar.clone(), gzip_of(&tar), zstd_of(&tar, true)];
    let members: Vec<u8> = tar.chunks(700).flat_map(gzip_of).collect();
    let sizes: &[u8] = &[0, 3, 85, 171];
    blobs
        .into_iter()
        .chain([members, gzip_of(&Layer::new().tar())])
        .map(|blob| [sizes, &blob].concat())
        .collect()
}

pub(crate) fn tables() -> Vec<Vec<u8>> {
    let app = layer("COPY . /app")
        .dir("/app")
        .file("/app/run", "run")
        .mode(0o4755)
        .xattr("user.a", "b")
        .symlink("/run", "app/run")
        .hardlink("/hard", "/app/run")
        .char_device("/null", 1, 3)
        .whiteout("/gone");
    let mut tables = Vec::new();
    let keep = |rows: &mut Vec<serde_json::Value>| {
        tables.push(serde_json::json!({"version": 1, "entries": rows}).to_string());
    };
    let blob = fixtures::estargz_with(app.clone(), keep);
    let mut seeds: Vec<Vec<u8>> = tables.into_iter().map(String::into_bytes).collect();
    seeds.extend(
        Image::new()
            .layer(blob)
            .pack()
            .layers
            .pop()
            .map(|blob| blob.bytes),
    );
    seeds.extend(ztoc(app));
    seeds.extend(texts(&[
        r#"{"version":1,"entries":[]}"#,
        r#"{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":5,"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},{"name":"a","type":"chunk","offset":7,"chunkOffset":5}],"version":1}"#,
        r#"{"version":1,"entries":[{"name":"./.wh..wh.plnk/1","type":"reg"},{"name":"a","type":"hardlink","linkName":".wh..wh.plnk/1","modtime":"2020-01-01T00:00:00.5+01:00"}]}"#,
    ]));
    seeds
}

/// The table of a layer that SOCI has, as if its blob had as many bytes as the table: the target has one input for both.
fn ztoc(layer: Layer) -> Option<Vec<u8>> {
    let (image, beside) = fixtures::soci(Image::new().layer(layer));
    let mut table = beside.into_iter().next_back()?.bytes;
    let said = (image.layers.first()?.bytes.len() as u64).to_le_bytes();
    let place = table.windows(8).position(|bytes| bytes == said)?;
    let size = (table.len() as u64).to_le_bytes();
    table.get_mut(place..place + 8)?.copy_from_slice(&size);
    Some(table)
}

pub(crate) fn indexes() -> Vec<Vec<u8>> {
    let mut layers = ideas();
    layers.push(varied());
    let blobs = layers.iter().flat_map(|layer| [layer.tar(), layer.gzip()]);
    let indexes =
        blobs.map(|blob| decoded(&blob, &[usize::MAX]).expect("a layer of our own making"));
    indexes.map(|index| index.to_bytes()).collect()
}

pub(crate) fn analyses() -> Vec<Vec<u8>> {
    let saved = Bytes::from(oci_archive(&[("app:1", &app().pack())]));
    let archive = Archive::new("app.tar".to_owned(), Arc::new(saved), Form::Any, None);
    let image = block_on(archive.image(None)).expect("an image of our own making");
    let known = |reason| vec![AnalyzedLayer::NotFetched(reason); image.layers.len()];
    let read = |layer| {
        let mut blob = archive.layer(layer).expect("a layer of our own making");
        let mut bytes = Vec::new();
        while let Ok(Some(chunk)) = block_on(blob.next_chunk()) {
            bytes.extend_from_slice(&chunk);
        }
        let index = decoded(&bytes, &[usize::MAX]).expect("a layer of our own making");
        AnalyzedLayer::Read(Arc::new(index))
    };
    let whole: Vec<AnalyzedLayer> = image.layers.iter().map(read).collect();
    let mut seeds = Vec::new();
    for layers in [whole, known(NotFetched::Foreign)] {
        let mut pieces = Vec::new();
        let written = analysis::write(&image, &layers, |piece| {
            pieces.push(piece.to_vec());
            Ok(())
        });
        written.expect("memory is written to");
        seeds.push(pieces.concat());
        // The documents alone: what is made of them is sealed again.
        seeds.extend(pieces.into_iter().nth(2));
    }
    seeds
}

pub(crate) fn stacks() -> Vec<Vec<u8>> {
    vec![
        // A file, deleted, made again, linked, overwritten by a folder.
        vec![
            0x00,
            0x00,
            2,
            0x0f | 0xb0,
            0x00,
            0,
            0x0f,
            0x00,
            2,
            0x90,
            0x01,
            0x00,
            0x5f,
            0x00,
            7,
        ],
        // A folder with files, emptied, and a link into it.
        vec![
            0x50, 0x00, 7, 0x00, 0x40, 3, 0x00, 0x44, 3, 0xdf, 0x00, 0, 0x70, 0x01, 0x00, 0x9f,
            0x02, 0x41,
        ],
        (0u8..240).collect(),
        bytes(300),
    ]
}

pub(crate) fn archives() -> Vec<Vec<u8>> {
    let (gzip, docker) = (app().pack(), app().docker().pack());
    let plain = Image::new()
        .layer(layer("x").file("/a", "1").plain())
        .pack();
    let of = |generation, packed: &Packed| docker_archive(generation, &[("app:1", packed)]);
    vec![
        of(Generation::Folders, &plain),
        of(Generation::Skopeo, &plain),
        of(Generation::Blobs, &gzip),
        oci_archive(&[("app:1", &docker)]),
        oci_archive(&[("app:1", &gzip), ("app:2", &docker)]),
        docker_archive(Generation::Folders, &[("app:1", &gzip), ("", &plain)]),
        varied().tar(),
    ]
}

/// What each kind of package database holds, behind the byte that chooses its file.
pub(crate) fn packages() -> Vec<Vec<u8>> {
    let go = [
        &b"\x7fELF\0\0\0\0\0\0\0\0\0\0\0\0\xff Go buildinf:\x08\x02"[..],
        &[0; 16],
        b"\x08go1.22.3\x37",
        &[1; 16],
        b"mod\ta.b/c\tv1\th1:\ndep\td\tv2\n",
        &[2; 16],
    ]
    .concat();
    let contents: [&[u8]; 17] = [
        b"ID=debian\nVERSION_ID=\"12\"\n",
        b"Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\n\nPackage: b\n",
        b"/bin/sh\n/bin/sh.distrib\ndash\n",
        b"/.\n/usr\n/usr/bin/program\n/usr/lib/../bin/program\n",
        b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/program\n",
        b"P:a\nV:1-r0\nA:x86_64\nL:MIT\nF:usr/bin\nR:program\n\n",
        b"SQLite format 3\0\x02\0\x01\x01\0\x40\x20\x20",
        b"RpmP\0\0\0\0\0\0\0\0\x01\0\0\0",
        b"Name: a\nVersion: 1\nLicense: MIT\n\ntext\n",
        b"a.py,sha256=x,1\n\"b,\"\"c\",,\n../../usr/bin/program,,\n",
        b"../a.py\n",
        br#"{"name":"@a/b","version":"1","license":["MIT",{"type":"ISC"}]}"#,
        b"s.name = \"a\".freeze\ns.version = \"1\"\ns.licenses = [\"MIT\".freeze]\n",
        br#"{"packages":[{"name":"a/b","version":"1","install-path":"../a/b"}]}"#,
        br#"{"name":"a","version":"1","files":["lib/a"],"channel":"x/linux-64","subdir":"linux-64"}"#,
        b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        &go,
    ];
    let chosen = (0u8..).zip(contents);
    chosen
        .map(|(place, content)| [&[place], content].concat())
        .collect()
}
pub(crate) fn challenges() -> Vec<Vec<u8>> {
    texts(&[
        r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push""#,
        r#"Negotiate, Basic realm="a, \"b\"", bearer service = x , realm=https://a/t"#,
        "NTLM abc==, Basic",
        r#"Bearer realm="unended"#,
    ])
}

pub(crate) fn links() -> Vec<Vec<u8>> {
    texts(&[
        "</v2/team/app/tags/list?last=b&n=2>; rel=\"next\"",
        "<https://inner:80/artifactory/api/docker/x/v2/team/app/tags/list?last=b>; rel='next'",
        "</x>; rel=first; title=\"a, <b>\", <?last=b>; anchor=\"/v2/other\"; REL = \"prev Next\"",
        "<//169.254.169.254/v2/evil/tags/list?last=b>; rel=next",
        "/v2/team/app/tags/list?last=b>; rel=next",
    ])
}

pub(crate) fn realms() -> Vec<Vec<u8>> {
    texts(&[
        "\0https://auth.example.com/token?scope=x",
        "\x01http://auth.test/token",
        "\x02http://127.0.0.1:5000/token",
        "\x02http://localhost:5000/token",
        "\x03https://10.0.0.5:5000/token",
        "\0https://[::ffff:169.254.169.254]/latest",
        "\0https://u:p@0x7f.1:443/",
    ])
}

pub(crate) fn guards() -> Vec<Vec<u8>> {
    let hosts = [
        "store.example.com:9000",
        "http://10.0.0.7:9000/",
        "https://[fd00::1]",
        "http://0x7f.1:80",
    ];
    let addresses = [
        [
            0x20, 1, 0x48, 0x60, 0x48, 0x60, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8,
        ],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1],
        [
            0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254,
        ],
        [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1],
    ];
    let seeds = addresses.iter().zip(hosts);
    seeds
        .map(|(address, host)| [&address[..], host.as_bytes()].concat())
        .collect()
}

pub(crate) fn credentials() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6aHVudGVyMjpodW50ZXIy"},"registry.example.com:5000":{"identitytoken":"t"}}}"#,
        r#"{"auths":{"registry.example.com:5000/team":{"registrytoken":"t"},"docker.io/library":{"username":"a","password":"b"}},"credsStore":"x"}"#,
        r#"{"auths":{"docker.io":{"auth":"!"},"registry.example.com:5000":{}},"credHelpers":{"docker.io":"y"}}"#,
    ])
}

pub(crate) fn routes() -> Vec<Vec<u8>> {
    let digest = fixtures::sha256(b"");
    let mut seeds = texts(&[
        "_catalog",
        "127.0.0.1%3A5000/_catalog",
        "docker.io/library/nginx/tags/list",
        "quay.io/manifests/manifests/manifests/1.27",
        "quay.io/../team/app/manifests/%2e%2e",
        "quay.io/%2e%2e%2fapp/tags/list",
        "quay.io/a\u{202e}/b%00%0d%0a/tags/list",
    ]);
    for kind in ["manifests", "blobs", "referrers"] {
        seeds.push(format!("quay.io/team/app/{kind}/{digest}").into_bytes());
    }
    seeds
}

pub(crate) fn badges() -> Vec<Vec<u8>> {
    let digest = fixtures::sha256(b"");
    let mut seeds = texts(&[
        "ghcr.io/team/app:1.0",
        "team:5000/app\0cache=1&label=a+b%20%3C&metric=size",
        "ghcr.io/team/../app%00@latest",
        "ghcr.io/team/%2e%2e%2fapp:..",
        "a:b:c\0platform=linux%2Farm%2Fv7&metric=efficiency",
    ]);
    let pinned = format!("demo/hello%40{digest}\0platform=linux/arm64");
    seeds.push(pinned.into_bytes());
    seeds
}

pub(crate) fn reports() -> Vec<Vec<u8>> {
    texts(&[
        "##vso[task.complete]x\0::error::x\0##teamcity[buildStop]",
        "]]></error><testcase/>\0&amp;<script>\0```| @name #1",
        "\u{1b}[31m\u{9b}2J\u{202e}\u{2028}\0a\r\n##[error]b",
        "=1+1\0-x\0..\0\u{85}\u{feff}",
    ])
}
