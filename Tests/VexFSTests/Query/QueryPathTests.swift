import Testing

@testable import VexFS

/// A filter parser that keeps the text, so that tests see what it was handed.
func recordingFilter(_ text: String) throws(VexFSError) -> Filter {
    if text.contains("bad") { throw VexFSError(.invalidFilter, "bad filter") }
    return .textMatch(field: "recorded", text: text)
}

func parse(_ path: String, folder: String = "") throws(VexFSError) -> QueryRequest {
    let components = path.split(separator: "/", omittingEmptySubsequences: false).map { ByteString(String($0)) }
    return try QueryPath.parse(components, folder: folder, parseFilter: recordingFilter)
}

@Suite struct QueryPathTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let path: String
        let text: String
        var format: QueryRequest.Format = .jsonl
        var check: @Sendable (QueryRequest) -> Bool = { _ in true }
        var testDescription: String { path }
    }

    static let texts: [Good] = [
        Good(path: "refunds", text: "refunds"),
        Good(path: "how do refunds work", text: "how do refunds work"),
        Good(path: "naïve café 東京", text: "naïve café 東京"),
        Good(path: "refunds.jsonl", text: "refunds"),
        Good(path: "refunds.json", text: "refunds", format: .json),
        Good(path: "refunds.tsv", text: "refunds", format: .tsv),
        Good(path: "refunds.ids", text: "refunds", format: .ids),
        Good(path: "refunds.paths", text: "refunds", format: .paths),
        Good(path: "refunds.grep", text: "refunds", format: .grep),
        Good(path: "refunds.md", text: "refunds", format: .md),
        Good(path: "refunds.ctx", text: "refunds", format: .ctx),
        Good(path: "refunds.explain", text: "refunds", format: .explain),
        Good(path: "refunds.why", text: "refunds", format: .why),
        Good(path: "refunds.md.explain", text: "refunds", format: .explain),
        Good(path: "refunds.ids.why", text: "refunds", format: .why),
        Good(path: "refunds.json.md", text: "refunds.json", format: .md),
        Good(path: "refunds.explain.md", text: "refunds.explain", format: .md),
        Good(path: "refunds%2Emd", text: "refunds.md"),
        Good(path: "refunds%2Emd.md", text: "refunds.md", format: .md),
        Good(path: "refunds.MD", text: "refunds.MD"),
        Good(path: "refunds.txt", text: "refunds.txt"),
        Good(path: "version 1.2", text: "version 1.2"),
        Good(path: "end.", text: "end."),
        Good(path: "a%2Fb", text: "a/b"),
        Good(path: "a%3Db", text: "a=b"),
        Good(path: "100%", text: "100%"),
        Good(path: "100%25", text: "100%"),
        Good(path: "50%zz off", text: "50%zz off"),
        Good(path: "50%4", text: "50%4"),
        Good(path: "caf%C3%A9", text: "café"),
        Good(path: "caf%c3%a9", text: "café"),
        Good(path: "%2Ehidden", text: ".hidden"),
        Good(path: " spaces kept ", text: " spaces kept "),
        Good(path: "line%0Abreak", text: "line\nbreak"),
        Good(path: "a,b,c", text: "a,b,c"),
        Good(path: "what is x=5?", text: "what is x=5?"),
        Good(path: "hello, k=5", text: "hello, k=5"),
        Good(path: "=5", text: "=5"),
        Good(path: "1=1", text: "1=1"),
        Good(path: "text=a=b", text: "a=b"),
        Good(path: "text=k=5", text: "k=5"),
        Good(path: "text=a,b=c.md", text: "a,b=c", format: .md),
        Good(path: "text=.hidden", text: ".hidden"),
        Good(path: "text=text=", text: "text="),
        Good(path: "k", text: "k"),
        Good(path: "k:5", text: "k:5"),
        Good(path: "{\"a\":1}", text: "{\"a\":1}"),
    ]

    static let options: [Good] = [
        Good(path: "k=5/x", text: "x") { $0.limit == 5 },
        Good(path: "k=1/x", text: "x") { $0.limit == 1 },
        Good(path: "k=10000/x", text: "x") { $0.limit == 10_000 },
        Good(path: "k=007/x", text: "x") { $0.limit == 7 },
        Good(path: "k=5,text=a,b=c", text: "a,b=c") { $0.limit == 5 },
        Good(path: "k=5/text=a=b.ids", text: "a=b", format: .ids) { $0.limit == 5 },
        Good(path: "offset=20/x", text: "x") { $0.offset == 20 },
        Good(path: "offset=0/x", text: "x") { $0.offset == 0 },
        Good(path: "min=0.3/x", text: "x") { $0.minimumScore == 0.3 },
        Good(path: "min=-1e-3/x", text: "x") { $0.minimumScore == -0.001 },
        Good(path: "mode=text/x", text: "x") { $0.mode == .text },
        Good(path: "mode=hybrid/x", text: "x") { $0.mode == .hybrid },
        Good(path: "mode=exact/x", text: "x") { $0.mode == .exact },
        Good(path: "mode=vector/x", text: "x") { $0.mode == .vector },
        Good(path: "ef=64/x", text: "x") { $0.ef == 64 },
        Good(path: "fields=id/x", text: "x") { $0.fields == ["id"] },
        Good(path: "fields=id,score,k=5/x", text: "x") { $0.fields == ["id", "score"] && $0.limit == 5 },
        Good(path: "fields=id,metadata.a%2Cb,id/x", text: "x") { $0.fields == ["id", "metadata.a,b"] },
        Good(path: "k=2,fields=id,lang/x", text: "x") { $0.fields == ["id", "lang"] && $0.limit == 2 },
        Good(path: "group=lang/x", text: "x") { $0.groupBy == "lang" && $0.groupSize == 1 },
        Good(path: "group=a%2Cb,group_size=3/x", text: "x") { $0.groupBy == "a,b" && $0.groupSize == 3 },
        Good(path: "budget=500/x.ctx", text: "x", format: .ctx) { $0.tokenBudget == 500 },
        Good(path: "like=a.md/similar", text: "similar") { $0.target == .like(id: "a.md") },
        Good(path: "like=sub%2Fa.md/x", text: "x") { $0.target == .like(id: "sub/a.md") },
        Good(path: "like=a=b/x", text: "x") { $0.target == .like(id: "a=b") },
        Good(path: "vec=AACAPwAAAMA/v.ids", text: "v", format: .ids) { $0.target == .vector([1, -2]) },
        Good(path: "vec=AACAPw==/v", text: "v") { $0.target == .vector([1]) },
        Good(path: "k=1/vec=AACAPw/v", text: "v") { $0.target == .vector([1]) && $0.limit == 1 },
        Good(path: "k=5/min=0.2/x", text: "x") { $0.limit == 5 && $0.minimumScore == 0.2 },
        Good(path: "k=5,k=6/x", text: "x") { $0.limit == 6 },
        Good(path: "k=5/k=6/x", text: "x") { $0.limit == 6 },
        Good(path: "k=%35/x", text: "x") { $0.limit == 5 },
    ]

    static let filters: [(path: String, clause: String, written: String, limit: Int)] = [
        ("where=lang:en/x", "lang:en", "lang:en", 10),
        (
            "where=lang:en,year>=2020,tags:a|b,!draft/x", "lang:en,year>=2020,tags:a|b,!draft",
            "lang:en,year>=2020,tags:a|b,!draft", 10
        ),
        ("k=3,where=lang:en/x", "lang:en", "lang:en", 3),
        ("where=lang:en,year>=2020,k=3/x", "lang:en,year>=2020", "lang:en,year>=2020", 3),
        ("where=k>=5/x", "k>=5", "k>=5", 10),
        ("where=a=b,c=d/x", "a=b,c=d", "a=b,c=d", 10),
        ("where=a:b%2Cc/x", "a:b%2Cc", "a:b%2Cc", 10),
        (
            "where={\"a\":{\"b\":1},\"c\":\"k=5,}\"},k=3/x", "{\"a\":{\"b\":1},\"c\":\"k=5,}\"}",
            "{\"a\":{\"b\":1},\"c\":\"k=5,}\"}", 3
        ),
        ("where={\"a\":\"q\\\"}\"}/x", "{\"a\":\"q\\\"}\"}", "{\"a\":\"q\\\"}\"}", 10),
        ("where=%7B%22a%22:%22b%2Fc%22%7D/x", "{\"a\":\"b/c\"}", "%7B%22a%22:%22b%2Fc%22%7D", 10),
        ("where={\"a\":\"b%2Fc\"}/x", "{\"a\":\"b/c\"}", "{\"a\":\"b%2Fc\"}", 10),
        ("where=lang:en,text=a,b", "lang:en", "lang:en", 10),
        ("where=a:\"b,k=5\",k=2/x", "a:\"b,k=5\"", "a:\"b,k=5\"", 2),
    ]

    @Test(arguments: texts + options) func parses(good: Good) throws {
        let request = try parse(good.path)
        #expect(request.title == good.text)
        #expect(request.format == good.format)
        #expect(good.check(request), "\(request)")
        if good.path.hasPrefix("vec=") || good.path.hasPrefix("like=") || good.path.contains("/vec=") { return }
        #expect(request.target == .text(good.text))
    }

    @Test func handsTheFilterOverAsItsParserWantsIt() throws {
        for (path, clause, written, limit) in Self.filters {
            let request = try parse(path)
            #expect(request.filter == .textMatch(field: "recorded", text: clause), "\(path)")
            #expect(request.filterText == written, "\(path)")
            #expect(request.limit == limit, "\(path)")
        }
    }

    @Test func filtersOfSeveralSegmentsMustAllHold() throws {
        let request = try QueryPath.parse(["where=lang:en", "where=n>2", "x"])
        #expect(request.filter == .and([try Filter.parse("lang:en"), try Filter.parse("n>2")]))
        let error = #expect(throws: VexFSError.self) { try QueryPath.parse(["where={\"a\":1}", "where=n>2", "x"]) }
        #expect(error?.code == .invalidQuery)
    }

    @Test(arguments: ["where=a:b%2Cc%2Fd/x", "where={\"a\":\"b,c%2Fd\"}/x", "where=%7B%22a%22:%22b,c%2Fd%22%7D/x"])
    func escapesReachTheFilterOnce(path: String) throws {
        let components = path.split(separator: "/").map { ByteString(String($0)) }
        let expected = Filter.anyOf(field: "a", values: [.string("b,c/d")])
        #expect(try QueryPath.parse(components).filter == expected)
    }

    @Test func theFolderIsTakenOver() throws {
        #expect(try parse("x", folder: "sub/dir").folder == "sub/dir")
    }

    /// A path and words its error must name.
    static let bad: [(path: String, words: [String])] = [
        ("", ["text is empty"]), ("k=5", ["only options", "k=5"]), ("k=5/", ["text is empty"]),
        (" ", ["text is empty"]), ("%20", ["text is empty"]), ("%0A%09", ["text is empty"]),
        (".md", ["%2E"]), (".git", ["%2E"]), (".", ["%2E"]), ("..", ["%2E"]), ("k=5/.hidden", ["%2E"]),
        ("text=", ["text is empty"]), ("text=.md", ["text is empty"]), ("k=1,text=", ["text is empty"]),
        ("refunds/x", ["\"refunds\" is a text", "%2F"]), ("k=1/refunds/x", ["\"refunds\" is a text"]),
        ("x/k=5", ["\"x\" is a text"]), ("text=a/x", ["\"text=a\" is a text"]),
        ("kk=5/x", ["\"kk\" is not an option", "group_size", "budget", "%3D"]),
        ("K=5/x", ["\"K\" is not an option"]), ("limit=5/x", ["\"limit\" is not an option"]),
        ("x=1", ["\"x\" is not an option", "text="]), ("a=b", ["\"a\" is not an option"]),
        ("used=title/x", ["\"used\" is not an option"]), ("group-size=2/x", ["\"group-size\""]),
        ("k=5,foo=1/x", ["\"foo\" is not an option"]), ("k=5,foo/x", ["\"foo\" has no \"=\""]),
        ("k=5, min=1/x", ["\" min\" is not an option"]), ("foo,k=5/x", ["\"foo\" has no \"=\""]),
        ("k=5,/x", ["empty item"]), ("k=5,,min=1/x", ["empty item"]), (",k=5/x", ["empty item"]),
        ("k=/x", ["k= needs a value"]), ("offset=/x", ["offset= needs"]), ("min=/x", ["min= needs"]),
        ("like=/x", ["like= needs"]), ("vec=/x", ["vec= needs"]), ("where=/x", ["where= needs"]),
        ("fields=/x", ["fields= needs"]), ("fields=id,/x", ["fields= needs"]), ("group=/x", ["group= needs"]),
        ("mode=/x", ["mode= needs"]),
        ("k=0/x", ["k=0", "1 to 10000"]), ("k=10001/x", ["k=10001", "1 to 10000"]), ("k=-1/x", ["k=-1"]),
        ("k=+5/x", ["k=+5"]), ("k=5.0/x", ["k=5.0", "whole number"]), ("k=ten/x", ["k=ten"]),
        ("k=99999999999999999999/x", ["1 to 10000"]), ("k= 5/x", ["k= 5"]), ("k=٥/x", ["whole number"]),
        ("offset=-1/x", ["0 to 1000000"]), ("offset=1000001/x", ["0 to 1000000"]),
        ("min=nan/x", ["min=nan"]), ("min=inf/x", ["min=inf"]), ("min=1e999/x", ["min=1e999"]),
        ("min=0x1p3/x", ["min=0x1p3"]), ("min=high/x", ["min=high", "0.3"]), ("min=--1/x", ["min=--1"]),
        ("mode=fast/x", ["mode=fast", "vector, text, hybrid, exact"]), ("mode=Exact/x", ["mode=Exact"]),
        ("ef=0/x", ["ef=0", "1 to 100000"]), ("ef=100001/x", ["1 to 100000"]),
        ("group_size=0/x", ["group_size=0", "1 to 100"]), ("group_size=101/x", ["1 to 100"]),
        ("budget=0/x", ["budget=0", "1 to"]), ("budget=-5/x", ["budget=-5"]),
        ("vec=0.1,0.2,0.3/x", ["base64url"]), ("vec=[1,two]/x.explain", ["vec="]), ("vec=AACA:/x", ["base64url"]),
        ("vec=AAA/x", ["base64url"]), ("vec=AACAP!/x", ["base64url"]), ("vec=AACAPw=/x", ["base64url"]),
        ("vec=AACAfw/x", ["finite"]), ("vec=AADAfw/x", ["finite"]), ("vec=====/x", ["base64url"]),
        ("like=a,vec=AACAPw/x", ["like= and vec="]), ("like=a/text=b", ["text=", "like="]),
        ("where={\"a\":1/x", ["braces"]), ("where={\"a\":\"}/x", ["braces"]), ("where={}}/x", ["closing brace"]),
        ("where={}k=5/x", ["closing brace"]), ("where=bad/x", ["bad filter"]),
        ("%FF", ["UTF-8"]), ("like=%FF/x", ["UTF-8"]), ("fields=%C3/x", ["UTF-8"]),
    ]

    @Test func refusesWithASentenceThatNamesTheItem() {
        for (path, words) in Self.bad {
            let error = #expect(throws: VexFSError.self, "\(path)") { try parse(path) }
            guard let error else { continue }
            #expect(error.code == (words == ["bad filter"] ? .invalidFilter : .invalidQuery), "\(path): \(error)")
            for word in words { #expect(error.message.contains(word), "\(path): \(error.message)") }
        }
        #expect(Self.bad.count >= 60)
        #expect(Self.texts.count + Self.options.count + Self.filters.count >= 60)
    }

    @Test func noPartAndAPartTooLongAreRefused() {
        #expect(throws: VexFSError.self) { try QueryPath.parse([], parseFilter: recordingFilter) }
        let longest = String(repeating: "a", count: QueryPath.maximumComponentBytes)
        #expect(throws: Never.self) { try parse(longest) }
        let error = #expect(throws: VexFSError.self) { try parse(longest + "a") }
        #expect(error?.message.contains("4001") == true)
    }

    @Test(arguments: [
        ("k=5", QueryPath.Component.options), ("refunds", .text), ("text=a", .text), ("k=5,text=a", .text),
        ("where={\"text=\":1}", .options), ("x.md", .text), ("what is x=5", .text),
    ]) func classifiesByForm(name: String, component: QueryPath.Component) throws {
        #expect(try QueryPath.classify(ByteString(name)) == component)
    }
}
