//! Responses to browsers: the built web app, or the built-in page.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
    time::{Duration, SystemTime},
};

use tempfile::{TempDir, tempdir};

use crate::harness::{
    Engine, TestApp,
    http::{browse, request},
    process::ServerProcess,
};

const INDEX: &str = "<!doctype html><title>Planner</title>";
const PAGE: &[(&str, &str)] = &[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
const HASHED: &str = "/assets/index-B3xk9Z_1.js";

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let file = folder.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

/// A script that is longer than its compressed siblings of the tests.
fn script() -> String {
    (0..400).map(|line| format!("export const line{line} = \"{}\";\n", line * 7919)).collect()
}

/// A server of a built app, and its folder.
async fn planner() -> (TestApp, TempDir) {
    let folder = tempdir().unwrap();
    let built = folder.path().join("dist");
    write(&built, "index.html", INDEX);
    write(&built, &HASHED[1..], script());
    write(&built, "manifest.webmanifest", "{}");
    write(&built, "icon.svg", ICON);
    write(&built, "font.woff2", [7; 3000]);
    write(&built, "move.wasm", "");
    write(&built, "move.mp4", [1, 2, 3, 4]);
    write(&built, ".env", "SECRET=1");
    write(&built, ".git/config", "[core]");
    write(folder.path(), "outside.txt", "a secret");
    symlink(folder.path().join("outside.txt"), built.join("link.txt")).unwrap();
    symlink(built.join(".env"), built.join("env.txt")).unwrap();
    let built = built.display().to_string();
    (TestApp::spawn(Engine::Sqlite, &["--web", &built]).await, folder)
}

#[actix_web::test]
async fn hashed_files_are_immutable_and_others_revalidated() {
    let (app, folder) = planner().await;
    let forever = browse(app.address, HASHED, &[]).await;
    assert_eq!((forever.status, forever.body.as_slice()), (200, script().as_bytes()));
    assert_eq!(forever.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(forever.header("content-type"), "text/javascript; charset=utf-8");

    let index = browse(app.address, "/", &[]).await;
    assert_eq!((index.status, index.body.as_slice()), (200, INDEX.as_bytes()));
    assert_eq!(index.header("cache-control"), "no-cache");
    let tag = index.header("etag").to_owned();
    assert!(tag.starts_with('"'), "a strong tag: {tag}");
    for known in [tag.as_str(), &format!("\"other\", {tag}"), &format!("W/{tag}"), "*"] {
        let again = browse(app.address, "/index.html", &[("If-None-Match", known)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!((again.header("etag"), again.header("cache-control")), (tag.as_str(), "no-cache"));
    }
    assert_eq!(browse(app.address, "/", &[("If-None-Match", "\"other\"")]).await.status, 200);

    write(&folder.path().join("dist"), "index.html", "<title>Planner 2</title>");
    let built = browse(app.address, "/", &[("If-None-Match", &tag)]).await;
    assert_eq!(
        (built.status, built.body.as_slice()),
        (200, "<title>Planner 2</title>".as_bytes()),
        "a new build"
    );
    app.stop().await;
}

/// What a build puts beside a file. The server never looks into it.
fn write_compressed(folder: &Path, name: &str) {
    write(folder, &format!("{name}.br"), "with brotli");
    write(folder, &format!("{name}.gz"), "with gzip, longer");
}

#[actix_web::test]
async fn script_is_compressed_as_accepted() {
    let (app, folder) = planner().await;
    let built = folder.path().join("dist");
    for (path, file) in [(HASHED, &HASHED[1..]), ("/", "index.html"), ("/icon.svg", "icon.svg")] {
        write_compressed(&built, file);
        let plain = browse(app.address, path, &[]).await;
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
        let mut tags = vec![plain.header("etag").to_owned()];
        for (accepted, encoding, body) in [
            ("gzip, deflate, br, zstd", "br", "with brotli"),
            ("gzip, deflate", "gzip", "with gzip, longer"),
            ("br;q=0, gzip;q=0.5", "gzip", "with gzip, longer"),
        ] {
            let small = browse(app.address, path, &[("Accept-Encoding", accepted)]).await;
            assert_eq!(
                (small.status, small.header("content-encoding")),
                (200, encoding),
                "{path} {accepted}"
            );
            assert_eq!((small.header("vary"), small.body.as_slice()), ("accept-encoding", body.as_bytes()));
            for same in ["content-type", "cache-control", "x-content-type-options"] {
                assert_eq!(small.header(same), plain.header(same), "{path} {accepted}: {same}");
            }
            let head = request(app.address, "HEAD", path, &[("Accept-Encoding", accepted)], "").await;
            assert_eq!((head.status, head.header("content-encoding")), (200, encoding), "{path} {accepted}");
            assert_eq!((head.header("content-length"), head.body.len()), (&*body.len().to_string(), 0));
            let known = [("Accept-Encoding", accepted), ("If-None-Match", small.header("etag"))];
            let known = browse(app.address, path, &known).await;
            assert_eq!((known.status, known.header("vary")), (304, "accept-encoding"), "{path} {accepted}");
            tags.push(small.header("etag").to_owned());
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "each form has a tag of its own: {tags:?}");
        for accepted in ["deflate", "identity", "gzip;q=0", "nonsense;;q=x"] {
            let as_it_is = browse(app.address, path, &[("Accept-Encoding", accepted)]).await;
            let (encoding, vary) = (as_it_is.header("content-encoding"), as_it_is.header("vary"));
            assert_eq!((encoding, vary, &as_it_is.body), ("", "accept-encoding", &plain.body), "{accepted}");
        }
    }
    let font = browse(app.address, "/font.woff2", &[("Accept-Encoding", "br")]).await;
    assert_eq!((font.header("content-encoding"), font.header("vary")), ("", ""), "nothing is beside it");
    assert_eq!(font.body.len(), 3000);
    let part = [("Accept-Encoding", "br"), ("Range", "bytes=7-11")];
    let part = browse(app.address, HASHED, &part).await;
    assert_eq!((part.status, part.header("content-encoding")), (206, ""), "parts are of the file as it is");
    assert_eq!(part.body, script().as_bytes()[7..12]);
    app.stop().await;
}

#[actix_web::test]
async fn a_compressed_form_of_something_else_is_not_sent() {
    let (app, folder) = planner().await;
    let built = folder.path().join("dist");
    write_compressed(&built, "manifest.webmanifest");
    for form in ["manifest.webmanifest.br", "manifest.webmanifest.gz"] {
        let form = File::options().write(true).open(built.join(form)).unwrap();
        form.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    }
    symlink(folder.path().join("outside.txt"), built.join("icon.svg.br")).unwrap();
    fs::create_dir(built.join("icon.svg.gz")).unwrap();
    for (path, body) in [("/manifest.webmanifest", "{}"), ("/icon.svg", ICON)] {
        let file = browse(app.address, path, &[("Accept-Encoding", "br, gzip")]).await;
        assert_eq!(
            (file.status, file.header("content-encoding"), file.header("vary")),
            (200, "", ""),
            "{path}"
        );
        assert_eq!(file.body, body.as_bytes(), "{path}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn app_path_serves_index_and_missing_file_is_not_found() {
    let (app, _folder) = planner().await;
    for path in ["/coaches", "/coaches/2", "/plans/2/edit?tab=moves", "/assets"] {
        let view = browse(app.address, path, PAGE).await;
        assert_eq!((view.status, view.body.as_slice()), (200, INDEX.as_bytes()), "{path}");
        assert_eq!(view.header("cache-control"), "no-cache");
    }
    for (path, headers) in [
        ("/assets/index-OLD_OLD1.js", PAGE),
        ("/missing.png", PAGE),
        ("/coaches", &[("Accept", "*/*")]),
        ("/coaches", &[("Accept", "application/json")]),
        ("/coaches", &[]),
    ] {
        let nothing = browse(app.address, path, headers).await;
        assert_eq!(nothing.status, 404, "{path} {headers:?}");
        assert_eq!(nothing.header("cache-control"), "no-store", "it may be there tomorrow");
    }
    let head = request(app.address, "HEAD", HASHED, &[], "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), script().len().to_string());
    let post = request(app.address, "POST", "/coaches", PAGE, "").await;
    assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD"));
    app.stop().await;
}

#[actix_web::test]
async fn files_have_content_types() {
    let (app, _folder) = planner().await;
    for (path, content_type) in [
        ("/index.html", "text/html; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon.svg", "image/svg+xml"),
        ("/font.woff2", "font/woff2"),
        ("/move.wasm", "application/wasm"),
    ] {
        assert_eq!(browse(app.address, path, &[]).await.header("content-type"), content_type, "{path}");
    }
    let part = browse(app.address, "/move.mp4", &[("Range", "bytes=1-2")]).await;
    assert_eq!((part.status, part.body.as_slice()), (206, [2, 3].as_slice()), "players ask for parts");
    assert_eq!((part.header("content-type"), part.header("cache-control")), ("video/mp4", "no-cache"));
    app.stop().await;
}

#[actix_web::test]
async fn hidden_and_outside_files_are_not_served() {
    let (app, _folder) = planner().await;
    for path in [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/assets/../../outside.txt",
        "/assets/%2e%2e/%2e%2e/outside.txt",
        "/..%5coutside.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/link.txt",
        "/env.txt",
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/index.html%00.txt",
        "/%ff",
        "/%zz",
        "/%",
    ] {
        for headers in [PAGE, &[]] {
            let answer = browse(app.address, path, headers).await;
            let body = String::from_utf8_lossy(&answer.body);
            assert!(matches!(answer.status, 400 | 404) || body == INDEX, "{path}: {} {body}", answer.status);
            assert!(
                !body.contains("ecret") && !body.contains("root:") && !body.contains("[core]"),
                "{path}: {body}"
            );
        }
    }
    app.stop().await;
}

#[actix_web::test]
async fn responses_have_security_headers() {
    let (app, _folder) = planner().await;
    let elsewhere = tempdir().unwrap();
    let bare = ServerProcess::serve_in(elsewhere.path(), &[]);
    for (address, path) in [
        (app.address, "/"),
        (app.address, HASHED),
        (app.address, "/nothing.txt"),
        (app.address, "/healthz"),
        (app.address, "/metrics"),
        (bare.address, "/"),
        (bare.address, "/rowcast.js"),
        (bare.address, "/nothing"),
    ] {
        let answer = browse(address, path, &[]).await;
        let policy = answer.header("content-security-policy");
        for part in
            ["default-src 'self'", "script-src 'self';", "object-src 'none'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(part), "{path}: {part} is not in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(header), value, "{path}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
    }
    app.stop().await;
}

/// The `img-src` of a page.
async fn pictures(settings: &[&str]) -> String {
    let folder = tempdir().unwrap();
    let app = ServerProcess::serve_in(folder.path(), settings);
    let page = browse(app.address, "/", PAGE).await;
    let policy = page.header("content-security-policy").to_owned();
    let part = policy.split("; ").find_map(|part| part.strip_prefix("img-src "));
    part.unwrap_or_else(|| panic!("{policy}")).to_owned()
}

#[actix_web::test]
async fn picture_sources_follow_setting() {
    assert_eq!(pictures(&[]).await, "'self' data: https:");
    assert_eq!(pictures(&["--pictures", "none"]).await, "'self' data:");
    let named = pictures(&["--pictures", "https,http://pictures.gym.lan"]).await;
    assert_eq!(named, "'self' data: https: http://pictures.gym.lan");
}

#[actix_web::test]
async fn builtin_page_is_served_without_build() {
    // In another folder, because there may be a build here.
    let folder = tempdir().unwrap();
    let app = ServerProcess::serve_in(folder.path(), &[]);
    let page = browse(app.address, "/", &[("Accept-Encoding", "br")]).await;
    assert_eq!((page.status, page.header("content-encoding")), (200, ""), "it is small");
    let html = String::from_utf8(page.body).unwrap();
    for part in ["--web", "/healthz", "/readyz", "/metrics", "/rowcast.js", "/rowcast.css"] {
        assert!(html.contains(part), "{part}");
    }
    assert!(
        !html.contains("<style") && !html.contains(" onclick") && !html.contains(" style="),
        "none of it would be run"
    );
    for path in ["/rowcast.js", "/rowcast.css"] {
        assert_eq!(browse(app.address, path, PAGE).await.status, 200, "{path}");
    }
    assert_eq!(browse(app.address, "/coaches", PAGE).await.status, 404);
}
