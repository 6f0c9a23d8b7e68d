//! `--base-path`: all paths are below it, and pages link relative to it.

use std::fs;

use serde_json::json;
use tempfile::{TempDir, tempdir};

use crate::harness::{
    Engine, TestApp,
    http::{Answer, browse, request},
    process::ServerProcess,
};

const PAGE: &[(&str, &str)] = &[("Accept", "text/html")];
/// Relative links, as a bundler writes them.
const INDEX: &str = r#"<link href="./icon.svg"><script src="./assets/index-B3xk9Z_1.js"></script><a href="https://x.example/./y">"#;

async fn planner(settings: &[&str]) -> (TestApp, TempDir) {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("assets")).unwrap();
    fs::write(folder.path().join("index.html"), INDEX).unwrap();
    fs::write(folder.path().join("assets/index-B3xk9Z_1.js"), "0").unwrap();
    let web = folder.path().display().to_string();
    (TestApp::spawn(Engine::Sqlite, &[&["--web", &web], settings].concat()).await, folder)
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[actix_web::test]
async fn base_path_prefixes_all_but_probes() {
    for base in ["/gym", "/a/b.c/~d-1"] {
        let (app, _folder) = planner(&["--base-path", base]).await;
        for path in ["/", "/index.html", "/healthz", "/readyz", "/metrics", "/assets/index-B3xk9Z_1.js"] {
            assert_eq!(browse(app.address, &format!("{base}{path}"), &[]).await.status, 200, "{base}{path}");
        }
        for slashes in ["/socket.io/", "//socket.io/", "/socket.io", "/socket.io//"] {
            let answer = browse(app.address, &format!("{base}{slashes}?EIO=4&transport=polling"), &[]).await;
            assert_eq!((answer.status, answer.body.first()), (200, Some(&b'0')), "{base}{slashes}");
        }
        for path in ["/healthz", "/readyz", "/metrics"] {
            assert_eq!(browse(app.address, path, &[]).await.status, 200, "{path}");
        }
        for elsewhere in ["/index.html", "/socket.io/?EIO=4&transport=polling", "/gymnasium", "/coaches"] {
            assert_eq!(browse(app.address, elsewhere, PAGE).await.status, 404, "{elsewhere}");
        }
        for way in ["/", base] {
            let moved = browse(app.address, way, PAGE).await;
            assert_eq!((moved.status, moved.header("location")), (307, format!("{base}/").as_str()), "{way}");
        }
        assert_eq!(request(app.address, "POST", "/", &[], "").await.status, 405);
        app.stop().await;
    }
}

#[actix_web::test]
async fn page_links_resolve_from_every_path() {
    for base in ["", "/gym"] {
        let (app, folder) = planner(&["--base-path", base]).await;
        for (path, up) in [
            ("/", "./"),
            ("/index.html", "./"),
            ("/coaches", "./"),
            ("/coaches/", "../"),
            ("/coaches/2", "../"),
            ("/plans/2/edit?tab=a/b", "../../"),
        ] {
            let view = browse(app.address, &format!("{base}{path}"), PAGE).await;
            let expected = INDEX.replace("=\"./", &format!("=\"{up}"));
            assert_eq!((view.status, text(&view)), (200, expected.as_str()), "{base}{path}");
            let known = [PAGE[0], ("If-None-Match", view.header("etag"))];
            assert_eq!(
                browse(app.address, &format!("{base}{path}"), &known).await.status,
                304,
                "{base}{path}"
            );
        }
        fs::write(folder.path().join("index.html"), "<p>a new build</p>").unwrap();
        assert_eq!(text(&browse(app.address, &format!("{base}/a/b"), PAGE).await), "<p>a new build</p>");
        let deepest = format!("{base}{}", "/x".repeat(17));
        assert_eq!(browse(app.address, &deepest, PAGE).await.status, 200);
        assert_eq!(browse(app.address, &format!("{deepest}/x"), PAGE).await.status, 404);
        app.stop().await;
    }
}

#[actix_web::test]
async fn builtin_page_is_served_below_base_path() {
    let folder = tempdir().unwrap();
    let app = ServerProcess::serve_in(folder.path(), &["--base-path", "gym/"]);
    let page = browse(app.address, "/gym/", PAGE).await;
    assert_eq!(page.status, 200);
    for part in ["\"./rowcast.js\"", "\"./rowcast.css\"", "\"./healthz\""] {
        assert!(text(&page).contains(part), "{part}");
    }
    for path in ["/gym/rowcast.js", "/gym/rowcast.css", "/gym/healthz"] {
        assert_eq!(browse(app.address, path, &[]).await.status, 200, "{path}");
    }
    assert_eq!(browse(app.address, "/rowcast.js", &[]).await.status, 404);
    assert_eq!(app.line, format!("planner is listening on http://{}/gym/", app.address));
}

#[actix_web::test]
async fn client_below_base_path_writes() {
    let app = TestApp::spawn(Engine::Sqlite, &["--base-path", "/gym"]).await;
    let client = crate::harness::Client::connect_only_at(app.address, "/gym", &json!({}))
        .await
        .expect("to be connected");
    let coach = json!({ "name": "Ada", "age": 36, "picture": "https://example.com/ada.png" });
    assert_eq!(client.request("new_coach", coach).await.unwrap_data()["name"], "Ada");
    app.stop().await;
}
