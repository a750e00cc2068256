import Testing

@testable import VexFS

struct QueryOperationQdrantTests {
    private func read(_ text: String) throws -> QueryOperation {
        try QueryOperation(qdrant: JSON.parse(Array(text.utf8)))
    }

    @Test func anEmptyBodyHasTheDefaults() throws {
        #expect(try read("{}") == QueryOperation())
        #expect(try read(#"{"query":null,"prefetch":[],"limit":null}"#) == QueryOperation(limit: 10, offset: 0))
    }

    @Test func everythingIsRead() throws {
        let operation = try read(
            #"""
            {"query":[1,2.5],"prefetch":{"query":7,"limit":3,"using":"a","prefetch":[{},{"limit":1}]},"using":"b",
             "filter":{"must":{"key":"n","match":{"value":1}}},"params":{"hnsw_ef":64,"exact":true,"acorn":{}},
             "score_threshold":0.5,"limit":4,"offset":2,"lookup_from":{"collection":"c","vector":"d"},
             "with_payload":true,"with_vector":["x"],"shard_key":"s"}
            """#)
        let expected = QueryOperation(
            .nearest(.vector(.dense([1, 2.5]))),
            prefetch: [
                QueryOperation(
                    .nearest(.point(.integer(7))), prefetch: [QueryOperation(), QueryOperation(limit: 1)], using: "a",
                    limit: 3)
            ],
            using: "b",
            filter: try Filter(qdrant: JSON.parse(Array(#"{"must":{"key":"n","match":{"value":1}}}"#.utf8))),
            parameters: SearchParameters(isExact: true, ef: 64), scoreThreshold: 0.5, limit: 4, offset: 2,
            lookup: VectorLookup(collection: "c", vector: "d"))
        #expect(operation == expected)
    }

    @Test func everyInputIsRead() throws {
        func input(_ text: String) throws -> QueryOperation.VectorInput? {
            guard case .nearest(let input, nil)? = try read(#"{"query":\#(text)}"#).query else { return nil }
            return input
        }
        let uuid = try #require(PayloadUUID("0f0e0d0c0b0a09080706050403020100"))
        for spelling in ["0F0E0D0C-0B0A-0908-0706-050403020100", "urn:uuid:0f0e0d0c-0b0a-0908-0706-050403020100"] {
            #expect(try input(#""\#(spelling)""#) == .point(.uuid(uuid)))
        }
        #expect(try input(#""note.md""#) == .point(.name("note.md")))
        #expect(try input(#"{"nearest":[1]}"#) == .vector(.dense([1])))
        #expect(try input("[[1,2],[3,4]]") == .vector(.multiple([[1, 2], [3, 4]])))
        #expect(
            try input(#"{"indices":[5,2],"values":[0.5,1]}"#)
                == .vector(.sparse(SparseVector(indices: [2, 5], values: [1, 0.5]))))
        #expect(try input(#"{"text":"refunds","model":"m","options":{}}"#) == .text("refunds", model: "m"))
    }

    @Test func everyFormIsRead() throws {
        func query(_ text: String) throws -> QueryOperation.Query? { try read(#"{"query":\#(text)}"#).query }
        let (one, two) = (QueryOperation.VectorInput.point(.integer(1)), QueryOperation.VectorInput.point(.integer(2)))
        let pair = QueryOperation.ContextPair(positive: one, negative: two)
        #expect(
            try query(#"{"nearest":1,"mmr":{"diversity":0.25,"candidates_limit":9}}"#)
                == .nearest(one, diversity: MaximalMarginalRelevance(diversity: 0.25, candidates: 9)))
        #expect(try query(#"{"nearest":1,"mmr":{}}"#) == .nearest(one, diversity: MaximalMarginalRelevance()))
        #expect(
            try query(#"{"recommend":{"positive":[1,2]}}"#)
                == .recommend(positive: [one, two], negative: [], .averageVector))
        #expect(
            try query(#"{"recommend":{"negative":[1],"strategy":"sum_scores"}}"#)
                == .recommend(positive: [], negative: [one], .sumScores))
        #expect(
            try query(#"{"discover":{"target":1,"context":{"positive":1,"negative":2}}}"#)
                == .discover(target: one, context: [pair]))
        #expect(try query(#"{"discover":{"target":1,"context":null}}"#) == .discover(target: one, context: []))
        #expect(try query(#"{"context":[{"positive":1,"negative":2}]}"#) == .context([pair]))
        #expect(try query(#"{"order_by":"a.b[]"}"#) == .orderBy(OrderBy(key: PayloadPath(qdrant: "a.b[]"))))
        #expect(
            try query(#"{"order_by":{"key":"a","direction":"desc","start_from":"1970-01-01"}}"#)
                == .orderBy(
                    OrderBy(key: PayloadPath(qdrant: "a"), isDescending: true, start: OrderValue(JSON.integer(0)))))
        #expect(try query(#"{"fusion":"rrf"}"#) == .fusion(.reciprocalRank()))
        #expect(try query(#"{"fusion":"dbsf"}"#) == .fusion(.distribution))
        #expect(
            try query(#"{"rrf":{"k":60,"weights":[1,0.5]}}"#) == .fusion(.reciprocalRank(k: 60, weights: [1, 0.5])))
        #expect(try query(#"{"sample":"random"}"#) == .sample)
        #expect(
            try query(
                #"""
                {"relevance_feedback":{"target":1,"feedback":[{"example":2,"score":0.5}],
                 "strategy":{"naive":{"a":1,"b":2,"c":3}}}}
                """#)
                == .relevanceFeedback(
                    target: one, examples: [two], RelevanceFeedback(a: 1, b: 2, c: 3, relevances: [0.5])))
    }

    @Test(arguments: [
        ("[]", "the query is an array"), (#"{"limt":3}"#, "limt is not known"), (#"{"limit":0}"#, "limit must be"),
        (#"{"limit":"3"}"#, "limit must be"), (#"{"prefetch":[{"offset":3}]}"#, "prefetch[0].offset is not known"),
        (#"{"query":{"nearst":1}}"#, "query has none of nearest"), (#"{"query":true}"#, "query is a boolean"),
        (#"{"query":-1}"#, "query is negative"),
        (#"{"query":1.5}"#, "query is a number"), (#"{"query":[]}"#, "query must be an array"),
        (#"{"query":[1,"x"]}"#, "query[1] must be a number"), (#"{"query":[[1],[]]}"#, "query[1] must be"),
        (#"{"query":[1e300]}"#, "query[0] must be a number"),
        (#"{"query":{"indices":[1]}}"#, "query.values is missing"),
        (#"{"query":{"indices":[-1],"values":[1]}}"#, "query.indices[0] must be"),
        (#"{"query":{"image":"x"}}"#, "images and other objects cannot be embedded"),
        (#"{"query":{"nearest":1,"mmr":{"diversity":2}}}"#, "query.mmr.diversity must be"),
        (#"{"query":{"recommend":{"positive":1}}}"#, "query.recommend.positive must be an array"),
        (#"{"query":{"recommend":{"strategy":"best"}}}"#, "query.recommend.strategy must be one of average_vector"),
        (#"{"query":{"recommend":{}}}"#, ""),
        (#"{"query":{"discover":{"context":[]}}}"#, "query.discover.target is missing"),
        (#"{"query":{"context":[{"positive":1}]}}"#, "query.context[0].negative is missing"),
        (#"{"query":{"order_by":{"direction":"asc"}}}"#, "query.order_by.key is missing"),
        (#"{"query":{"order_by":{"key":"a","direction":"up"}}}"#, "query.order_by.direction must be"),
        (#"{"query":{"order_by":{"key":"a","start_from":"x"}}}"#, "query.order_by.start_from must be"),
        (#"{"query":{"fusion":"max"}}"#, "query.fusion must be rrf or dbsf"),
        (#"{"query":{"rrf":{"k":0}}}"#, "query.rrf.k must be"),
        (#"{"query":{"sample":"first"}}"#, "query.sample must be"),
        (
            #"{"query":{"relevance_feedback":{"target":1,"feedback":[],"strategy":{"naive":{"a":1,"b":-1,"c":1}}}}}"#,
            "b must not be"
        ),
        (#"{"query":{"fusion":"rrf","formula":1}}"#, "is not known"),
        (#"{"params":{"ef":3}}"#, "params.ef is not known"),
        (#"{"lookup_from":{"vector":"x"}}"#, "lookup_from.collection is missing"),
    ])
    func whatIsWrongIsNamed(text: String, sentence: String) throws {
        let operation = Result { try read(text) }
        guard case .failure(let error as VexFSError) = operation else {
            // Read, and refused by what it means.
            #expect(sentence.isEmpty)
            #expect(throws: VexFSError.self) { try operation.get().check() }
            return
        }
        #expect(error.code == .invalidQuery && error.message.contains(sentence), "\(error)")
    }

    @Test func deepPrefetchesAreRefused() throws {
        var operation = QueryOperation()
        for _ in 0...QueryOperation.maximumDepth { operation = QueryOperation(prefetch: [operation]) }
        #expect(throws: VexFSError.self) { try operation.check() }
    }

    @Test func whatIsShownAsTheNextPageIsRead() throws {
        let ids: [ByteString] = [
            "7", "note.md", "9223372036854775808", "18446744073709551615", "18446744073709551616", "07",
            "0f0e0d0c-0b0a-0908-0706-050403020100", "0F0E0D0C-0B0A-0908-0706-050403020100", "",
        ]
        for id in ids.map(PointIdentifier.init) {
            #expect(try ScrollQuery(qdrant: .object([.init("offset", id.json)])).start == id)
        }
        for id in ids.map(PointIdentifier.init) where PayloadUUID(id.text.string) == nil {
            let query = try QueryOperation(qdrant: .object([.init("query", id.json)])).query
            #expect(query == .nearest(.point(id)))
        }
    }

    @Test func breadthIsBounded() throws {
        #expect(try read(#"{"params":{"hnsw_ef":2147483647}}"#).parameters.ef == 100_000)
    }

    @Test func feedbackIsBounded() throws {
        func body(_ count: Int) -> String {
            let items = (0..<count).map { #"{"example":\#($0),"score":\#($0)}"# }.joined(separator: ",")
            return #"{"query":{"relevance_feedback":{"target":1,"feedback":[\#(items)],"strategy":"#
                + #"{"naive":{"a":1,"b":1,"c":1}}}}}"#
        }
        #expect(throws: Never.self) { try read(body(64)) }
        let error = #expect(throws: VexFSError.self) { try read(body(65)) }
        #expect(error?.message.contains("feedback has 65 examples, and 64 is the most") == true)
    }

    @Test func groupsAndPagesAreRead() throws {
        func json(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8)) }
        let groups = try GroupQuery(
            qdrant: json(
                #"{"query":3,"group_by":"a.b","group_size":2,"limit":4,"with_lookup":{"collection":"c"}}"#))
        #expect(
            groups
                == GroupQuery(
                    QueryOperation(.nearest(.point(.integer(3)))), by: try PayloadPath(qdrant: "a.b"), limit: 4,
                    size: 2,
                    lookup: "c"))
        #expect(throws: VexFSError.self) { try GroupQuery(qdrant: json(#"{"query":3}"#)) }
        #expect(throws: VexFSError.self) {
            try GroupQuery(qdrant: json(#"{"group_by":"a","offset":1}"#))
        }
        let page = try ScrollQuery(qdrant: json(#"{"limit":3,"offset":7}"#))
        #expect(page == ScrollQuery(start: .integer(7), limit: 3))
        #expect(throws: VexFSError.self) {
            try ScrollQuery(qdrant: json(#"{"order_by":"a","offset":7}"#))
        }
    }

    @Test func whatCannotBeDoneIsRefused() throws {
        let body = #"{"query":[1],"params":{"idf":{"corpus":"x"}}}"#
        let error = #expect(throws: VexFSError.self) { try QueryOperation(qdrant: try JSON.parse(Array(body.utf8))) }
        #expect(error?.message == "params.idf cannot be chosen here: rarity is always that among all points")
        let none = #"{"query":[1],"params":{"idf":null}}"#
        #expect(throws: Never.self) { try QueryOperation(qdrant: try JSON.parse(Array(none.utf8))) }
    }
}
