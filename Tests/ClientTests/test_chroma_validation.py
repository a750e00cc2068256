"""What requests are refused for and what is let through, as chromadb 1.5.9's server was seen to answer."""

import json
import subprocess
import threading

import pytest

from mounted import BUILD

UUID0 = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def notes(fresh):
    """The path of a collection with three records."""
    made = fresh.call("POST", "collections", {"name": "notes"})[1]["id"]
    rows = {"ids": ["a", "b", "c"], "embeddings": [[1, 2], [2, 1], [0, 1]], "documents": ["Hello x", "zz", None],
            "metadatas": [{"n": 1}, {"n": 2, "l": ["x"]}, None]}
    assert fresh.call("POST", f"collections/{made}/add", rows)[0] == 201
    return f"collections/{made}"


def raw(text):
    return text.encode() if isinstance(text, str) else text


DUPLICATES = [
    ("POST", "collections", '{"name":"one","name":"two"}'),
    ("POST", "collections", '{"name":"one","configuration":{"hnsw":{},"hnsw":{}}}'),
    ("POST", "collections", '{"name":"one","configuration":{"hnsw":{"space":"l2","space":"ip"}}}'),
    ("POST", "collections", '{"name":"one","schema":{"defaults":{},"keys":{},"keys":{}}}'),
    ("PUT", "", '{"new_name":"one","new_name":"two"}'),
    ("POST", "/add", '{"ids":["d"],"ids":["e"],"embeddings":[[1,2],[3,4]]}'),
    ("POST", "/add", '{"ids":["d"],"embeddings":[[1,2]],"embeddings":[[3,4]]}'),
    ("POST", "/delete", '{"where":{"n":1},"where":{"n":2}}'),
    ("POST", "/query", '{"query_embeddings":[[1,2]],"query_embeddings":[[1,2]]}'),
    ("POST", "/query", '{"query_embeddings":[[1,2]],"where":{"n":1},"where":{"n":2}}'),
]


@pytest.mark.parametrize("method, path, body", DUPLICATES)
def test_a_member_twice_is_refused(fresh, notes, method, path, body):
    status, answer = fresh.call(method, path if path == "collections" else notes + path, raw(body))
    assert status == 422 and "duplicate field" in answer["message"]
    assert fresh.call("GET", f"{notes}/count") == (200, 3)


def test_what_is_not_read_may_be_there_twice(fresh, notes):
    body = '{"ids":["d"],"embeddings":[[1,1]],"bogus":1,"bogus":2,"metadatas":[{"k":1,"k":2}]}'
    assert fresh.call("POST", f"{notes}/add", raw(body))[0] == 201
    assert fresh.call("POST", f"{notes}/get", {"ids": ["d"]})[1]["metadatas"] == [{"k": 2}]


# Path behind the collection, body, status, and members of the answer.
CASES = [
    ("/delete", {"ids": ["a"], "limit": 1}, 400, {}), ("/delete", {"limit": 1}, 400, {}),
    ("/delete", {"where": {"n": 99}, "limit": 2**32 - 1}, 200, {"deleted": 0}),
    ("/delete", {"ids": [""]}, 200, {}),
    ("/get", {"ids": ["a", ""]}, 200, {"ids": ["a"]}), ("/get", {"ids": [""]}, 200, {"ids": []}),
    ("/get", {"include": None}, 422, {}),
    ("/get", {"limit": 2**32 - 1, "offset": 2**32 - 1}, 200, {"ids": []}), ("/get", {"limit": 2**32}, 422, {}),
    ("/get", {"where": {"": 1}}, 200, {"ids": []}),
    ("/get", {"where": {"#document": {"$contains": "Hello"}}}, 200, {"ids": ["a"]}),
    ("/get", {"where": {"#document": {"$not_contains": "Hello"}}}, 200, {"ids": ["b", "c"]}),
    ("/get", {"where": {"#document": {"$regex": "H.l"}}}, 200, {"ids": ["a"]}),
    ("/get", {"where": {"$and": [{"#document": {"$contains": "z"}}, {"n": 2}]}}, 200, {"ids": ["b"]}),
    ("/get", {"where": {"$or": [{"#document": {"$contains": "zz"}}, {"n": 1}]}}, 200, {"ids": ["a", "b"]}),
    ("/get", {"where": {"#document": "zz"}}, 400, {}), ("/get", {"where": {"#document": {"$contains": 1}}}, 400, {}),
    ("/query", {"query_embeddings": [[1, 2]], "ids": ["a", ""]}, 500, {}),
    ("/query", {"query_embeddings": [[0.9, 2]], "n_results": 2**32 - 1}, 200, {"ids": [["a", "c", "b"]]}),
    ("/add", '{"ids":["d"],"embeddings":[[1e39,1]]}', 400, {}),
    ("/add", '{"ids":["d"],"embeddings":[[1e400,1]]}', 400, {}),
    ("/add", {"ids": ["d", "e"], "embeddings": ["AACAPwAAAEA=", [1, 2]]}, 422, {}),
    ("/add", {"ids": ["d"], "embeddings": [[1, 1]], "metadatas": [{"l": [1, "x"]}]}, 422, {}),
    ("/search", {"searches": [{"filter": {"$or": [{"#document": {"$contains": "zz"}}, {"n": 1}]}}]}, 200,
     {"ids": [["a", "b"]]}),
]


@pytest.mark.parametrize("path, body, status, members", CASES)
def test_records(fresh, notes, path, body, status, members):
    found = fresh.call("POST", notes + path, raw(body))
    assert found[0] == status, found
    assert {key: found[1][key] for key in members} == members


def test_numbers_of_any_size(fresh, notes):
    body = ('{"ids":["d"],"embeddings":[[123456789012345678901234567890,1]],"documents":["18446744073709551616 \\" 1"],'
            '"metadatas":[{"a":18446744073709551616,"b":12345678901234567890,"l":[1,2.5],"i":-9223372036854775808}]}')
    assert fresh.call("POST", f"{notes}/add", raw(body))[0] == 201
    found = fresh.call("POST", f"{notes}/get", {"ids": ["d"], "include": ["metadatas", "documents", "embeddings"]})[1]
    assert found["metadatas"] == [{"a": 2.0**64, "b": 12345678901234567890.0, "l": [1.0, 2.5], "i": -2**63}]
    assert all(isinstance(item, float) for item in found["metadatas"][0]["l"])
    assert found["documents"] == ['18446744073709551616 " 1'] and found["embeddings"] == [[1.2345679e29, 1.0]]


def test_documents_and_uris_in_metadata(fresh, notes):
    rows = {"ids": ["d", "e"], "embeddings": [[1, 1], [1, 1]], "documents": [None, "own"],
            "metadatas": [{"chroma:document": "text", "chroma:uri": "u", "k": 1}, {"chroma:document": "text"}]}
    assert fresh.call("POST", f"{notes}/add", rows)[0] == 201
    found = fresh.call("POST", f"{notes}/get", {"ids": ["d", "e"], "include": ["documents", "metadatas", "uris"]})[1]
    assert (found["documents"], found["uris"], found["metadatas"]) == (["text", "own"], ["u", None], [{"k": 1}, None])


def test_an_empty_list_takes_a_key_away(fresh, notes):
    assert fresh.call("POST", f"{notes}/update", {"ids": ["b"], "metadatas": [{"l": []}]})[0] == 200
    assert fresh.call("POST", f"{notes}/get", {"ids": ["b"]})[1]["metadatas"] == [{"n": 2}]


def test_unknown_ids_of_an_empty_collection_find_nothing(fresh):
    made = fresh.call("POST", "collections", {"name": "empty"})[1]["id"]
    found = fresh.call("POST", f"collections/{made}/query", {"query_embeddings": [[1, 2]], "ids": ["x"]})
    assert found[0] == 200 and found[1]["ids"] == [[]]


@pytest.mark.parametrize("pattern, ids", [
    (r"caf\w$", ["d"]), (r"^\w+é$", ["d"]), (r"^\d\d$", ["e"]), (r"a\sb", ["f"]), (r"^[\d-]+$", ["e"]),
    (r"^\W", []), (r"^\w+ \w+$", ["a"])])
def test_classes_of_regular_expressions_know_all_scripts(fresh, notes, pattern, ids):
    rows = {"ids": ["d", "e", "f"], "embeddings": [[1, 1]] * 3, "documents": ["café", "１٣", "a\u3000b"]}
    assert fresh.call("POST", f"{notes}/add", rows)[0] == 201
    found = fresh.call("POST", f"{notes}/get", {"where_document": {"$regex": pattern}})
    assert found[0] == 200 and found[1]["ids"] == ids


@pytest.mark.parametrize("path, status", [
    ("/count?read_level=bogus", 400), ("/count?read_level=index_only", 200),
    ("/count?read_level=index_only&read_level=index_only", 400)])
def test_read_levels(fresh, notes, path, status):
    assert fresh.call("GET", notes + path)[0] == status


@pytest.mark.parametrize("path, status", [
    ("collections?limit=1&limit=2", 400), ("collections?limit=4294967295", 200), ("collections?limit=4294967296", 400),
    ("/api/v2/tenants/*/databases/*/collections", 400), ("/api/v2/tenants/default_tenant/databases/*/collections", 400),
    ("/api/v2/tenants/default_tenant/databases/*/collections_count", 400), ("/api/v1/collections?database=*", 400),
    (f"collections/%7B{UUID0}%7D/count", 404), (f"collections/urn:uuid:{UUID0}/count", 404),
    (f"collections/by-id/%7B{UUID0.replace('-', '')}%7D", 400)])
def test_paths(fresh, path, status):
    assert fresh.call("GET", path)[0] == status


def test_a_star_is_a_name_like_any_other(fresh, notes):
    for path in ["/api/v2/tenants/*/databases/default_database/collections", "/api/v2/tenants/*/databases",
                 "/api/v1/collections?tenant=*"]:
        assert fresh.call("GET", path) == (200, []), path


def test_the_default_database_is_emptied_and_stays(fresh, notes):
    path = "/api/v2/tenants/default_tenant/databases/default_database"
    assert fresh.call("DELETE", path)[0] == 200
    assert fresh.call("GET", path)[0] == 200 and fresh.call("GET", "collections") == (200, [])


# Members beside the name, the status, and the space.
CREATIONS = [
    ({"metadata": {"$a": 1}}, 400, None), ({"metadata": {"#b": 1}}, 400, None), ({"metadata": {"": 1}}, 400, None),
    ({"metadata": {"a": None}}, 422, None),
    ({"metadata": {"hnsw:M": "x"}}, 400, None), ({"metadata": {"hnsw:M": -5}}, 400, None),
    ({"metadata": {"hnsw:M": 5.0}}, 400, None), ({"metadata": {"hnsw:space": 5}}, 400, None),
    ({"metadata": {"hnsw:foo": 1}}, 400, None), ({"metadata": {"hnsw:batch_size": 1}}, 400, None),
    ({"metadata": {"hnsw:foo": 1}, "configuration": {"hnsw": {"ef_search": 4}}}, 400, None),
    ({"metadata": {"hnsw:space": "cosine"}}, 200, "cosine"),
    ({"metadata": {"hnsw:space": "cosine"}, "configuration": {"embedding_function": {"type": "legacy"}}}, 200,
     "cosine"),
    ({"metadata": {"hnsw:space": "cosine"}, "configuration": {"hnsw": {"ef_search": 3}}}, 200, "l2"),
    ({"metadata": {"hnsw:space": "cosine"}, "configuration": {"spann": {}}}, 200, "l2"),
    ({"configuration": {"hnsw": {"batch_size": 1, "sync_threshold": 0}}}, 200, "l2"),
    ({"configuration": {"spann": {"space": "cosine", "search_nprobe": 3}}}, 200, "cosine"),
    ({"configuration": {"spann": {"bogus": 1}}}, 422, None), ({"configuration": {"spann": {"space": "x"}}}, 422, None),
    ({"configuration": {"spann": {"search_nprobe": "x"}}}, 422, None),
    ({"configuration": {"embedding_function": {"type": "known", "name": "x"}}}, 422, None),
    ({"schema": {"defaults": {}, "keys": {"#embedding": {"float_list": {"vector_index": {
        "enabled": True, "config": {"space": "cosine", "spann": {"search_nprobe": 3}}}}}}}}, 200, "cosine"),
    # A schema that says what holds anyway leaves what the configuration says.
    ({"configuration": {"hnsw": {"space": "cosine"}}, "schema": {"defaults": {}, "keys": {"#embedding": {"float_list": {
        "vector_index": {"enabled": True, "config": {"space": "l2", "source_key": "#document", "embedding_function": {
            "type": "known", "name": "default", "config": {}}}}}}}}}, 200, "cosine"),
]


@pytest.mark.parametrize("members, status, space", CREATIONS)
def test_creation(fresh, members, status, space):
    found = fresh.call("POST", "collections", {"name": "made", **members})
    assert found[0] == status, found
    if space:
        assert found[1]["configuration_json"]["hnsw"]["space"] == space
        again = fresh.call("GET", "collections/made")[1]
        assert again == found[1]


@pytest.mark.parametrize("given, kept", [
    ({"type": "legacy", "x": 1}, {"type": "legacy"}), ({"type": "unknown", "x": 1}, {"type": "unknown"}),
    ({"type": "known", "name": "x", "config": {"a": 1}, "z": 1}, {"type": "known", "name": "x", "config": {"a": 1}})])
def test_embedding_functions(fresh, given, kept):
    found = fresh.call("POST", "collections", {"name": "made", "configuration": {"embedding_function": given}})
    assert found[0] == 200 and found[1]["configuration_json"]["embedding_function"] == kept


def test_a_default_schema_leaves_the_embedding_function(fresh):
    function = {"type": "known", "name": "mine", "config": {"dim": 8}}
    config = {"space": "l2", "embedding_function": {"type": "known", "name": "default", "config": {}}}
    vectors = {"float_list": {"vector_index": {"enabled": True, "config": config}}}
    made = fresh.call("POST", "collections", {
        "name": "made", "configuration": {"hnsw": {"space": "cosine"}, "embedding_function": function},
        "schema": {"defaults": vectors, "keys": {"#embedding": vectors}}})[1]
    assert made["configuration_json"]["embedding_function"] == function
    for shown in [made["schema"]["defaults"], made["schema"]["keys"]["#embedding"]]:
        shown = shown["float_list"]["vector_index"]["config"]
        assert shown["embedding_function"] == function and shown["space"] == "cosine"


def test_a_collection_is_got_or_created_while_others_delete_it(fresh):
    problems = []

    def work(number):
        for _ in range(10):
            status, answer = fresh.call("POST", "collections", {"name": "fleeting", "get_or_create": True})
            if status != 200 or answer["name"] != "fleeting":
                problems.append((status, answer))
            if number % 2 == 0 and fresh.call("DELETE", "collections/fleeting")[0] not in (200, 404):
                problems.append("delete")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_squared_distances_of_whole_numbers_are_whole(fresh):
    path = f"collections/{fresh.call('POST', 'collections', {'name': 'whole'})[1]['id']}"
    numbers = range(1, 60)
    vectors = [[number % 7, number % 5, number % 11] for number in numbers]
    body = {"ids": [str(number) for number in numbers], "embeddings": vectors}
    assert fresh.call("POST", f"{path}/add", body)[0] == 201
    answer = fresh.call("POST", f"{path}/query", {"query_embeddings": [[0, 0, 0]], "n_results": 60})[1]
    squares = sorted(sum(value * value for value in vector) for vector in vectors)
    assert answer["distances"][0] == squares


def test_an_update_fixes_the_dimension_of_an_empty_collection(fresh):
    path = f"collections/{fresh.call('POST', 'collections', {'name': 'empty'})[1]['id']}"
    assert fresh.call("POST", f"{path}/update", {"ids": ["a"], "embeddings": [[1, 2, 3]]})[0] == 200
    assert fresh.call("GET", "collections/empty")[1]["dimension"] == 3
    status, answer = fresh.call("POST", f"{path}/add", {"ids": ["a"], "embeddings": [[1, 2]]})
    assert status == 400 and "dimension of 3, got 2" in answer["message"]
    assert fresh.call("POST", f"{path}/add", {"ids": ["a"], "embeddings": [[1, 2, 3]]})[0] == 201


# The change, its status, and the name and metadata then.
CHANGES = [
    ({"new_metadata": {"b": None}}, 200, "notes", None),
    ({"new_metadata": {"b": None, "c": 1}}, 200, "notes", {"c": 1}),
    ({"new_metadata": {}}, 400, "notes", {"a": 1}), ({"new_metadata": {"$x": 1}}, 400, "notes", {"a": 1}),
    ({"new_metadata": {"hnsw:M": "x"}}, 200, "notes", {"hnsw:M": "x"}),
    ({"new_configuration": {"hnsw": {"ef_search": 1}, "spann": {}}}, 400, "notes", {"a": 1}),
    ({"new_configuration": {"spann": {"search_nprobe": 1}}}, 200, "notes", {"a": 1}),
    ({"new_configuration": {"spann": {"bogus": 1}}}, 422, "notes", {"a": 1}),
    ({"new_name": "moved", "new_configuration": {"hnsw": {"space": "cosine"}}}, 422, "notes", {"a": 1}),
    ({"new_name": "moved", "new_metadata": {"$x": 1}}, 400, "notes", {"a": 1}),
    ({"new_name": "moved", "new_metadata": {"b": 1}}, 200, "moved", {"b": 1}),
    ({"new_name": "other", "new_metadata": {"b": 1}}, 409, "notes", {"a": 1}),
]


@pytest.mark.parametrize("change, status, name, metadata", CHANGES)
def test_changes_happen_as_a_whole_or_not_at_all(fresh, change, status, name, metadata):
    fresh.call("POST", "collections", {"name": "other"})
    made = fresh.call("POST", "collections", {"name": "notes", "metadata": {"a": 1}})[1]["id"]
    assert fresh.call("PUT", f"collections/{made}", change)[0] == status
    now = fresh.call("GET", f"collections/by-id/{made}")[1]
    assert (now["name"], now["metadata"]) == (name, metadata)


# Configuration files that the adapter does not start with.
@pytest.mark.parametrize("users, said", [
    ([{"name": "a", "token": "12345678", "readonly": True}], "readonly"),
    ([{"name": "a", "token": "12345678", "tenant": ["x"]}], "tenant"),
    ([{"name": "a", "token": "12345678"}, {"name": "b", "token": "12345678", "read_only": True}], "users[1].token"),
    (["a"], "users[0]")])
def test_users_are_read_strictly(fresh, users, said, tmp_path):
    file = tmp_path / "adapter.json"
    file.write_text(json.dumps({"users": users}))
    command = [BUILD / "vexfs-adapter", "--mount", fresh.mount, "--chroma-port", "1", "--config", file]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2 and said in ended.stderr
