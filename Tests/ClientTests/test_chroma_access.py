"""Who may do what, also after changes on the mount, and what happens to changes that are made at once."""

import threading

import pytest

from mounted import Mounted

USERS = [{"name": "admin", "token": "admintoken"}, {"name": "acme", "token": "acmetoken", "tenants": ["acme"]},
         {"name": "reader", "token": "readertoken", "read_only": True}]
ACME = "/api/v2/tenants/acme/databases/adb"


def token(name):
    return {"X-Chroma-Token": name + "token"}


@pytest.fixture(scope="module")
def guarded():
    server = Mounted({"users": USERS, "durable": True})
    admin = token("admin")
    assert server.call("POST", "/api/v2/tenants", {"name": "acme"}, admin)[0] == 200
    assert server.call("POST", "/api/v2/tenants/acme/databases", {"name": "adb"}, admin)[0] == 200
    yield server
    server.close()


def test_figures_are_for_those_who_see_everything(guarded):
    for name, status in [("admin", 200), ("acme", 403), ("reader", 403)]:
        assert guarded.call("GET", "/metrics", headers=token(name))[0] == status
    assert guarded.call("GET", "/metrics")[0] == 401


def test_a_collection_that_is_moved_on_the_mount_leaves_its_tenant(guarded):
    made = guarded.call("POST", f"{ACME}/collections", {"name": "mine"}, token("acme"))[1]["id"]
    path = f"{ACME}/collections/{made}"
    assert guarded.call("GET", f"{path}/count", headers=token("acme")) == (200, 0)
    (guarded.mount / "acme:adb:mine").rename(guarded.mount / "evil:edb:mine")
    for method, operation, body in [("GET", "/count", None), ("POST", "/get", {}), ("PUT", "", {"new_name": "stolen"}),
                                    ("POST", "/fork", {"new_name": "stolen"})]:
        assert guarded.call(method, path + operation, body, token("acme"))[0] == 403
    assert guarded.call("GET", f"{path}/count", headers=token("admin")) == (200, 0)


def test_a_star_opens_nothing(guarded):
    for path in ["/api/v2/tenants/*/databases/adb/collections", "/api/v1/collections?tenant=*&database=adb"]:
        assert guarded.call("GET", path, headers=token("acme"))[0] == 403
    for path in [f"{ACME.rsplit('/', 1)[0]}/*/collections", "/api/v1/collections?tenant=acme&database=*",
                 "/api/v1/collections?tenant=acme&tenant=evil&database=adb"]:
        assert guarded.call("GET", path, headers=token("acme"))[0] == 400


def test_collections_by_resource_name(guarded):
    made = guarded.call("POST", f"{ACME}/collections", {"name": "named"}, token("acme"))[1]["id"]
    assert guarded.call("PATCH", "/api/v2/tenants/acme", {"resource_name": "res-x"}, token("acme"))[0] == 200
    for tenant in ["res-x", "acme"]:
        found = guarded.call("GET", f"/api/v2/collections/{tenant}:adb:named", headers=token("acme"))
        assert found[0] == 200 and found[1]["id"] == made
    assert guarded.call("GET", "/api/v2/collections/evil:edb:mine", headers=token("acme"))[0] == 403


def test_durable_changes(guarded):
    """All kinds of changes are answered where each is brought to the disk."""
    made = guarded.call("POST", f"{ACME}/collections", {"name": "kept"}, token("acme"))[1]["id"]
    path = f"{ACME}/collections/{made}"
    rows = {"ids": ["a", "b"], "embeddings": [[1, 2], [3, 4]], "metadatas": [{"k": 1}, None]}
    assert guarded.call("POST", f"{path}/add", rows, token("acme"))[0] == 201
    assert guarded.call("POST", f"{path}/delete", {"ids": ["a"]}, token("acme")) == (200, {"deleted": 1})
    assert guarded.call("PUT", path, {"new_name": "renamed"}, token("acme"))[0] == 200
    assert guarded.call("POST", f"{path}/fork", {"new_name": "forked"}, token("acme"))[0] == 200
    assert guarded.call("DELETE", f"{ACME}/collections/renamed", headers=token("acme"))[0] == 200


def test_changes_at_once_lose_nothing(fresh):
    """Metadata that was answered stays, while writes name new keys in the schema."""
    path = f"collections/{fresh.call('POST', 'collections', {'name': 'busy'})[1]['id']}"
    problems = []

    def add(writer):
        for number in range(10):
            row = {"ids": [f"{writer}-{number}"], "embeddings": [[1, 2]], "metadatas": [{f"k{writer}-{number}": 1}]}
            if fresh.call("POST", f"{path}/add", row)[0] != 201:
                problems.append(row)

    writers = [threading.Thread(target=add, args=(writer,)) for writer in range(3)]
    for writer in writers:
        writer.start()
    for version in range(30):
        assert fresh.call("PUT", path, {"new_metadata": {"v": version}})[0] == 200
        assert fresh.call("GET", "collections/busy")[1]["metadata"] == {"v": version}
    for writer in writers:
        writer.join()
    keys = fresh.call("GET", "collections/busy")[1]["schema"]["keys"]
    assert not problems and len(keys) == 2 + 30
