#!/usr/bin/env python3
"""Writes Tests/Fixtures/queries/local_mode.json: random queries with the answers of qdrant-client's local mode.

    pip install qdrant-client
    Tests/ClientTests/query_cases.py > Tests/Fixtures/queries/local_mode.json
    Tests/ClientTests/query_cases.py vectors > Tests/Fixtures/queries/local_mode_vectors.json

The second is of sparse vectors, with and without the modifier idf, and of several vectors of a point.

Made with qdrant-client 1.20.0. Left out is what local mode answers differently than the server: points named as
examples in prefetches (the server leaves them out everywhere), groups of prefetched points (the server widens the
prefetches by the group's size), filters with should on two levels.
"""

import json
import random
import sys
import uuid
import warnings

from qdrant_client import QdrantClient, models

warnings.filterwarnings("ignore")
SEED = 20260311
COUNT = 44
DIMENSION = 6
METRICS = {"cosine": "Cosine", "dot": "Dot", "euclidean": "Euclid", "manhattan": "Manhattan"}
random.seed(SEED)
# No two are equal: a prefetch by them has one answer.
POSITIVES = random.sample([round(0.5 + 0.17 * step, 2) for step in range(COUNT)], COUNT)


def vector():
    return [round(random.gauss(0, 1), 3) for _ in range(DIMENSION)]


def time_of(day):
    return f"2026-{day % 12 + 1:02}-{day % 28 + 1:02}T{day % 24:02}:30:00Z"


def payload(index):
    fields = {
        "n": random.randint(-20, 20),
        # Not a whole number: where one is an integer, its facet is another.
        "f": round(round(random.uniform(-3, 3), 2) + 0.001, 3),
        "tag": random.choice("abcd"),
        "tags": random.sample(["red", "green", "blue", "grey"], random.randint(0, 3)),
        "several": [random.randint(0, 9) for _ in range(random.randint(0, 3))],
        "place": {"lon": round(random.uniform(-180, 180), 3), "lat": round(random.uniform(-85, 85), 3)},
        "when": time_of(random.randint(0, 300)),
        "flag": random.random() < 0.5,
        "deep": {"n": random.randint(1, 9), "list": [{"m": random.randint(0, 5)} for _ in range(random.randint(0, 2))]},
        "group": random.choice([1, 2, 3, "x", "y"]),
        "positive": POSITIVES[index],
    }
    for key in list(fields):
        if key != "positive" and random.random() < 0.15:
            del fields[key]
    if index % 11 == 0:
        fields["group"] = random.choice([True, 1.5, [1, "x"], ["y", False], []])
    return fields


def identifier(index):
    return index * 3 + 1 if index % 3 else str(uuid.UUID(int=random.getrandbits(128)))


POINTS = [{"id": identifier(i), "vector": vector(), "payload": payload(i)} for i in range(COUNT)]
IDS = [point["id"] for point in POINTS]
# The points that groups and examples are looked up in.
OTHER = [{"id": i, "vector": vector(), "payload": {"about": i}} for i in (1, 2, 5)]


def client():
    found = QdrantClient(":memory:")
    for name, distance in METRICS.items():
        for collection, points in ((name, POINTS), (name + "-other", OTHER)):
            found.create_collection(
                collection, vectors_config=models.VectorParams(size=DIMENSION, distance=models.Distance(distance)))
            found.upsert(collection, [models.PointStruct(**point) for point in points])
    return found


def example():
    return random.choice(IDS) if random.random() < 0.6 else vector()


def a_filter():
    low = random.randint(-15, 5)
    return random.choice([
        {"must": [{"key": "n", "range": {"gte": low, "lt": low + 20}}]},
        {"must": [{"key": "tag", "match": {"value": random.choice("abcd")}}]},
        {"must_not": [{"key": "tag", "match": {"any": random.sample("abcd", 2)}}]},
        {"should": [{"key": "flag", "match": {"value": True}}, {"key": "f", "range": {"gt": 1}}]},
        {"must_not": [{"has_id": random.sample(IDS, 9)}, {"is_empty": {"key": "tags"}}]},
    ])


def spread(request):
    """Adds a limit and, sometimes, the rest of what a query can say."""
    request["limit"] = random.choice([1, 3, 5, 8, 12])
    if random.random() < 0.3:
        request["offset"] = random.choice([1, 2, 7])
    if random.random() < 0.4:
        request["filter"] = a_filter()
    return request


def threshold(metric):
    return round(random.uniform(-0.5, 0.5) if metric in ("cosine", "dot") else random.uniform(1.5, 6), 2)


def pair():
    return {"positive": example(), "negative": example()}


def nearest(metric):
    request = spread({"query": random.choice([example(), {"nearest": example()}])})
    if random.random() < 0.3:
        request["score_threshold"] = threshold(metric)
    return request


def looked_up(metric):
    return {"query": random.choice([1, 2, 5]), "lookup_from": {"collection": metric + "-other"}, "limit": 6}


def mmr(metric):
    request = spread({"query": {"nearest": example(), "mmr": {"diversity": round(random.random(), 2)}}})
    if random.random() < 0.6:
        request["query"]["mmr"]["candidates_limit"] = random.choice([1, 8, 20, 60])
    return request


def recommend(metric):
    strategy = random.choice([None, "average_vector", "best_score", "sum_scores"])
    least = 1 if strategy in (None, "average_vector") else 0
    body = {
        "positive": [example() for _ in range(random.randint(least, 3))],
        "negative": [example() for _ in range(random.randint(0, 3))],
    }
    if strategy:
        body["strategy"] = strategy
    if not body["positive"] and not body["negative"]:
        body["negative"] = [example()]
    request = spread({"query": {"recommend": body}})
    if random.random() < 0.2:
        request["score_threshold"] = threshold(metric)
    return request


def discover(metric):
    target, pairs = example(), [pair() for _ in range(random.randint(0, 3))]
    return spread({"query": {"discover": {"target": target, "context": pairs}}})


def context(metric):
    return spread({"query": {"context": random.choice([pair(), [pair() for _ in range(random.randint(1, 3))]])}})


def feedback(metric):
    items = [{"example": example(), "score": round(random.random(), 2)} for _ in range(random.randint(0, 4))]
    ranges = (("a", 0, 2), ("b", 0, 2), ("c", -1, 1))
    weights = {name: round(random.uniform(low, high), 2) for name, low, high in ranges}
    return spread({"query": {"relevance_feedback": {
        "target": example(), "feedback": items, "strategy": {"naive": weights}}}})


def order_by(metric):
    key = random.choice(["n", "f", "when", "several", "deep.n", "deep.list[].m", "tag"])
    order = {"key": key, "direction": random.choice(["asc", "desc"])}
    if random.random() < 0.5:
        order["start_from"] = time_of(random.randint(0, 300)) if key == "when" else random.choice([-5, 0, 0.5, 3])
    return spread({"query": {"order_by": random.choice([order, key])}})


def prefetch(metric, depth=0):
    kind = random.randint(0, 4 if depth == 0 else 3)
    if kind == 0:
        found = {"query": {"order_by": "positive"}}
    elif kind == 1:
        found = {"query": {"recommend": {"positive": [vector()], "negative": [vector()], "strategy": "best_score"}}}
    elif kind == 4:
        inner = [prefetch(metric, 1), prefetch(metric, 1)]
        found = {"prefetch": inner, "query": random.choice([{"fusion": "rrf"}, vector()])}
    else:
        found = {"query": vector()}
        if random.random() < 0.3:
            found["score_threshold"] = threshold(metric)
    found["limit"] = random.choice([2, 5, 12, 30])
    if random.random() < 0.3:
        found["filter"] = {"must": [{"key": "n", "range": {"gte": random.randint(-15, 5)}}]}
    return found


def fusion(metric):
    count = random.randint(1, 3)
    rrf = {"rrf": {}}
    if random.random() < 0.7:
        rrf["rrf"]["k"] = random.choice([1, 2, 10, 60])
    if random.random() < 0.6:
        rrf["rrf"]["weights"] = [round(random.uniform(0, 3), 2) for _ in range(count)]
    query = random.choice([{"fusion": "rrf"}, {"fusion": "dbsf"}, rrf])
    request = spread({"prefetch": [prefetch(metric) for _ in range(count)], "query": query})
    if random.random() < 0.3:
        request["score_threshold"] = round(random.uniform(0, 0.6), 2)
    return request


def rescored(metric):
    inner = [prefetch(metric) for _ in range(random.randint(1, 2))]
    query = random.choice([
        vector(), {"order_by": "n"}, {"context": [{"positive": vector(), "negative": vector()}]},
        {"nearest": vector(), "mmr": {"diversity": 0.4, "candidates_limit": 7}}])
    return spread({"prefetch": inner if len(inner) > 1 else inner[0], "query": query})


def decay():
    body = {"x": random.choice(["n", "f", "$score"])}
    if random.random() < 0.6:
        body["target"] = random.choice([1.5, "deep.n", {"neg": 2.0}])
    if random.random() < 0.6:
        body["scale"] = random.choice([0.5, 4.0])
    if random.random() < 0.6:
        body["midpoint"] = random.choice([0.1, 0.75])
    return body


FORMS = [
    "constant", "score", "payload", "condition", "geo_distance", "datetime", "datetime_key", "mult", "sum", "max",
    "min", "neg", "abs", "div", "sqrt", "pow", "exp", "log10", "ln", "acosh", "lin_decay", "exp_decay", "gauss_decay",
]


def expression(depth, form=None):
    form = form or random.choice(FORMS[:4] if depth <= 0 else FORMS)
    inner = lambda: expression(depth - 1)
    magnitude = lambda: {"sum": [{"abs": inner()}, 1.25]}
    several = lambda: [inner() for _ in range(random.randint(1, 3))]
    made = {
        "constant": lambda: round(random.uniform(-2, 2), 2),
        "score": lambda: random.choice(["$score", "$score[0]", "$score[1]"]),
        "payload": lambda: random.choice(["n", "f", "positive", "deep.n", "several[0]"]),
        "condition": lambda: random.choice([
            {"key": "tag", "match": {"value": "a"}}, {"key": "n", "range": {"gt": 0}},
            {"must_not": [{"key": "flag", "match": {"value": True}}]}]),
        "geo_distance": lambda: {"div": {"left": {"geo_distance": {
            "origin": {"lon": 13.4, "lat": 52.5}, "to": "place"}}, "right": 1000000.0}},
        "datetime": lambda: {"div": {"left": {"datetime": time_of(random.randint(0, 300))}, "right": 1e9}},
        "datetime_key": lambda: {"div": {"left": {"datetime_key": "when"}, "right": 1e9}},
        "div": lambda: {"div": dict(
            {"left": inner(), "right": inner()}, **({"by_zero_default": 0.5} if random.random() < 0.7 else {}))},
        "pow": lambda: {"pow": {"base": magnitude(), "exponent": {"lin_decay": decay()}}},
        "exp": lambda: {"exp": {"neg": magnitude()}},
    }
    if form in made:
        return made[form]()
    if form in ("mult", "sum", "max", "min"):
        return {form: several()}
    if form in ("sqrt", "log10", "ln", "acosh"):
        return {form: magnitude() if random.random() < 0.8 else inner()}
    if form.endswith("_decay"):
        return {form: decay()}
    return {form: inner()}


DEFAULTS = {
    "n": 0.5, "f": -1, "deep.n": 2, "several[0]": 3, "place": {"lon": 0, "lat": 0}, "when": "2026-06-01T00:00:00Z",
    "$score[1]": 0.25, "$score": -0.5,
}


def formula(metric, form=None):
    query = {"formula": expression(3, form)}
    if random.random() < 0.85:
        query["defaults"] = DEFAULTS
    request = spread({"prefetch": [prefetch(metric, 1) for _ in range(random.randint(1, 2))], "query": query})
    request["limit"] = 10
    request.pop("offset", None)
    if random.random() < 0.2:
        request["score_threshold"] = 0.1
    return request


def scored(points):
    return [[point.id, point.score] if point.order_value is None else [point.id, point.score, point.order_value]
            for point in points]


def ask_query(db, metric, body):
    request = models.QueryRequest(**body)
    answer = db.query_points(
        metric, query=request.query, prefetch=request.prefetch, query_filter=request.filter, limit=request.limit or 10,
        offset=request.offset, score_threshold=request.score_threshold, lookup_from=request.lookup_from)
    return scored(answer.points)


def ask_groups(db, metric, body):
    request = models.QueryGroupsRequest(**body)
    answer = db.query_points_groups(
        metric, group_by=request.group_by, query=request.query, query_filter=request.filter, limit=request.limit or 10,
        group_size=request.group_size or 3, with_lookup=request.with_lookup)
    return [{"id": group.id, "hits": scored(group.hits), "lookup": group.lookup.id if group.lookup else None}
            for group in answer.groups]


def groups(metric):
    body = {"group_by": random.choice(["group", "tag", "tags", "deep.n", "deep.list[].m", "f", "none"]),
            "query": random.choice([vector(), {"recommend": {"positive": [vector()], "strategy": "sum_scores"}}])}
    body["limit"] = random.choice([1, 3, 10])
    body["group_size"] = random.choice([1, 2, 5])
    if random.random() < 0.4:
        body["filter"] = a_filter()
    if body["group_by"] in ("group", "deep.n"):
        body["with_lookup"] = metric + "-other"
    return body


def ask_matrix(db, metric, body):
    request = models.SearchMatrixRequest(**body)
    arguments = dict(query_filter=request.filter, sample=request.sample, limit=request.limit)
    pairs = db.search_matrix_pairs(metric, **arguments)
    offsets = db.search_matrix_offsets(metric, **arguments)
    return {"pairs": [[pair.a, pair.b, pair.score] for pair in pairs.pairs], "ids": offsets.ids,
            "rows": offsets.offsets_row, "columns": offsets.offsets_col}


def matrix(metric):
    body = {"sample": 60, "limit": random.choice([1, 3])}
    # A filter that leaves few points keeps the fixture small.
    body["filter"] = {"must": [{"key": "n", "range": {"gte": random.choice([13, 15, 17, 50])}}]}
    return body


def ask_facet(db, metric, body):
    request = models.FacetRequest(**body)
    answer = db.facet(metric, key=request.key, facet_filter=request.filter, limit=request.limit or 10, exact=True)
    return [[hit.value, hit.count] for hit in answer.hits]


def facet(metric):
    body = {"key": random.choice(["tag", "tags", "n", "flag", "several", "deep.n", "deep.list[].m", "f", "none"])}
    body["limit"] = random.choice([2, 10, 60])
    if random.random() < 0.5:
        body["filter"] = a_filter()
    return body


def ask_scroll(db, metric, body):
    request = models.ScrollRequest(**body)
    found, following = db.scroll(
        metric, scroll_filter=request.filter, limit=request.limit or 10, offset=request.offset,
        order_by=request.order_by)
    return {"ids": [record.id for record in found], "next": following}


def scroll(metric):
    body = {"limit": random.choice([1, 7, 60])}
    if random.random() < 0.6:
        body["offset"] = random.choice(IDS)
    if random.random() < 0.4:
        body["filter"] = a_filter()
    return body


def ask_count(db, metric, body):
    return db.count(metric, count_filter=models.CountRequest(**body).filter, exact=True).count


def count(metric):
    return {"filter": a_filter()}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return {key: rounded(item) for key, item in value.items()} if isinstance(value, dict) else value


def main():
    db = client()
    cases = []

    def add(kind, ask, metric, body):
        case = {"kind": kind, "metric": metric, "request": body}
        try:
            case["answer"] = rounded(ask(db, metric, json.loads(json.dumps(body))))
        except (ValueError, TypeError) as error:
            case["error"] = str(error)[:80]
        cases.append(case)

    for make in (nearest, looked_up, mmr, recommend, discover, context, feedback, order_by, fusion, rescored):
        for round_ in range(3 if make is looked_up else 12):
            for metric in METRICS:
                add("query", ask_query, metric, make(metric))
    for form in FORMS:
        for metric in ("cosine", "euclidean"):
            for _ in range(3):
                add("query", ask_query, metric, formula(metric, form))
    for kind, ask, make, times in (
            ("groups", ask_groups, groups, 12), ("matrix", ask_matrix, matrix, 2), ("facet", ask_facet, facet, 10),
            ("scroll", ask_scroll, scroll, 8), ("count", ask_count, count, 3)):
        for _ in range(times):
            for metric in METRICS:
                add(kind, ask, metric, make(metric))
    write({"dimension": DIMENSION, "points": POINTS, "other": OTHER}, cases)


# Kinds of vectors: a collection of each, whose vectors have the name "v".
KINDS = {"sparse": None, "idf": None, **{"multi-" + metric: distance for metric, distance in METRICS.items()}}


def sparse_vector():
    indices = random.sample(range(14), random.randint(2, 6))
    return {"indices": indices, "values": [round(random.uniform(0.1, 2), 3) for _ in indices]}


def several_vectors():
    # Enough digits for no two sums to be equal.
    return [[round(random.gauss(0, 1), 6) for _ in range(4)] for _ in range(random.randint(1, 4))]


def stored_client():
    found, all_points = QdrantClient(":memory:"), {}
    for kind, distance in KINDS.items():
        if distance:
            config = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
            vectors = {"v": models.VectorParams(size=4, distance=models.Distance(distance), multivector_config=config)}
            found.create_collection(kind, vectors_config=vectors)
        else:
            modifier = models.Modifier.IDF if kind == "idf" else models.Modifier.NONE
            vectors = {"v": models.SparseVectorParams(modifier=modifier)}
            found.create_collection(kind, vectors_config={}, sparse_vectors_config=vectors)
        points = []
        for index in range(COUNT):
            # A few points are without.
            own = {} if index % 9 == 4 else {"v": several_vectors() if distance else sparse_vector()}
            points.append({"id": IDS[index], "vector": own, "payload": POINTS[index]["payload"]})
        found.upsert(kind, [models.PointStruct(**point) for point in points])
        all_points[kind] = points
    return found, all_points


def stored_cases(db, all_points):
    """Queries of every form that compares vectors but feedback, which local mode has for dense ones only."""
    global vector, example
    cases = []

    def add(kind, ask, name, body):
        case = {"kind": kind, "collection": name, "request": body}
        try:
            case["answer"] = rounded(ask(db, name, json.loads(json.dumps(body))))
        except (ValueError, TypeError) as error:
            case["error"] = str(error)[:80]
        cases.append(case)

    for name in KINDS:
        vector = several_vectors if KINDS[name] else sparse_vector
        with_vector = [point["id"] for point in all_points[name] if point["vector"]]
        example = lambda: random.choice(with_vector) if random.random() < 0.6 else vector()
        metric = name.removeprefix("multi-") if KINDS[name] else "dot"
        for make in (nearest, mmr, recommend, discover, context):
            for _ in range(9):
                body = {**make(metric), "using": "v"}
                add("query", ask_using, name, body)
        for _ in range(6):
            inner = [{"query": vector(), "using": "v", "limit": random.choice([3, 8, 20])} for _ in range(2)]
            query = random.choice([{"fusion": "rrf"}, {"fusion": "dbsf"}])
            add("query", ask_using, name, {"prefetch": inner, "query": query, "limit": 10})
        for _ in range(3):
            inner = {"query": vector(), "using": "v", "limit": 12}
            add("query", ask_using, name, {"prefetch": inner, "query": vector(), "using": "v", "limit": 5})
            formula_query = {"formula": {"sum": ["$score", {"mult": [0.5, "n"]}]}, "defaults": {"n": 1}}
            add("query", ask_using, name, {"prefetch": inner, "query": formula_query, "limit": 5})
            body = {"query": vector(), "using": "v", "group_by": "group", "limit": 4, "group_size": 2}
            add("groups", ask_groups_using, name, body)
        for _ in range(2):
            body = {"filter": {"must": [{"key": "n", "range": {"gte": 10}}]}, "sample": 60, "limit": 2, "using": "v"}
            add("matrix", ask_matrix_using, name, body)
        for condition in ({"must": [{"has_vector": "v"}]}, {"must_not": [{"has_vector": "v"}]}):
            add("count", ask_count, name, {"filter": condition})
    return cases


def ask_using(db, name, body):
    request = models.QueryRequest(**body)
    answer = db.query_points(
        name, query=request.query, prefetch=request.prefetch, query_filter=request.filter, limit=request.limit or 10,
        offset=request.offset, score_threshold=request.score_threshold, using=request.using)
    return scored(answer.points)


def ask_groups_using(db, name, body):
    request = models.QueryGroupsRequest(**body)
    answer = db.query_points_groups(
        name, group_by=request.group_by, query=request.query, limit=request.limit, group_size=request.group_size,
        using=request.using)
    return [{"id": group.id, "hits": scored(group.hits), "lookup": None} for group in answer.groups]


def ask_matrix_using(db, name, body):
    request = models.SearchMatrixRequest(**body)
    arguments = dict(
        query_filter=request.filter, sample=request.sample, limit=request.limit, using=request.using)
    pairs = db.search_matrix_pairs(name, **arguments)
    offsets = db.search_matrix_offsets(name, **arguments)
    return {"pairs": [[pair.a, pair.b, pair.score] for pair in pairs.pairs], "ids": offsets.ids,
            "rows": offsets.offsets_row, "columns": offsets.offsets_col}


def write(result, cases):
    text = json.dumps(result, separators=(",", ":"))[:-1]
    lines = [json.dumps(case, separators=(",", ":")) for case in cases]
    sys.stdout.write(text + ',"cases":[\n' + ",\n".join(lines) + "\n]}\n")
    kinds = {}
    for case in cases:
        key = case["kind"] + (" refused" if "error" in case else "")
        kinds[key] = kinds.get(key, 0) + 1
    print(kinds, file=sys.stderr)


def main_vectors():
    db, points = stored_client()
    write({"points": points}, stored_cases(db, points))


main_vectors() if sys.argv[1:] == ["vectors"] else main()
