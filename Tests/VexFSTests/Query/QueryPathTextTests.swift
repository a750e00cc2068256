import Testing

@testable import VexFS

@Suite struct QueryPathTextTests {
    @Test(arguments: [
        ("refunds", "refunds"), ("refunds.jsonl", "refunds"), ("refunds.md", "refunds.md"),
        ("refunds.md.explain", "refunds.explain"), ("refunds%2Emd", "refunds%2Emd"),
        ("k=10/refunds", "refunds"), ("min=0.5/k=3/a%2fb", "k=3,min=0.5/a%2Fb"), ("text=a=b", "a%3Db"),
        ("where=a:b%2Cc,k=2/x.ids", "k=2,where=a:b%2Cc/x.ids"), ("like=a%2Cb/x", "like=a%2Cb/x"),
        ("vec=AACAPw==/x", "vec=AACAPw/x"), ("text=.x", "%2Ex"), ("100%", "100%25"),
        ("fields=id,a%3Db/x", "fields=id,a%3Db/x"), ("ef=5,using=a%2Cb%2F/x", "ef=5,using=a%2Cb%2F/x"),
    ]) func isCanonical(path: String, expected: String) throws {
        #expect(QueryPath.text(for: try parse(path)) == expected)
    }

    @Test func parsingTheCanonicalPathGivesTheSameRequest() throws {
        let seed: UInt64 = 0x9A7_0001
        var generator = SeededGenerator(seed: seed)
        for round in 0..<2000 {
            let request = Self.randomRequest(using: &generator)
            let path = QueryPath.text(for: request)
            let parsed = try parse(path)
            #expect(parsed == request, "seed \(seed) round \(round): \(path)")
        }
    }

    static let pieces = [
        "a", "refunds", " ", "=", ",", "/", "%", "%41", ".", ".md", ".explain", ".why", ".json", "é", "東", "k=5",
        "text=",
        "{", "}", "\"", "\n", "\u{0}", "\\", "e\u{301}", "+", "-", "?",
    ]

    static func randomText(using generator: inout SeededGenerator) -> String {
        let count = Int.random(in: 1...5, using: &generator)
        let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "a" }.joined()
        return text.contains { !$0.isWhitespace } ? text : text + "x"
    }

    static func randomRequest(using generator: inout SeededGenerator) -> QueryRequest {
        let title = randomText(using: &generator)
        var request = QueryRequest(target: .text(title), title: title)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: request.target = .like(id: ByteString(randomText(using: &generator)))
        case 1:
            let count = Int.random(in: 1...9, using: &generator)
            request.target = .vector((0..<count).map { _ in Float.random(in: -1e9...1e9, using: &generator) })
        default: break
        }
        func maybe() -> Bool { Int.random(in: 0..<3, using: &generator) == 0 }
        if maybe() { request.limit = Int.random(in: 1...10_000, using: &generator) }
        if maybe() { request.offset = Int.random(in: 0...1_000_000, using: &generator) }
        if maybe() { request.minimumScore = Double.random(in: -1e-5...1e9, using: &generator) }
        if maybe() { request.mode = QueryRequest.Mode.allCases.randomElement(using: &generator) ?? .vector }
        if maybe() { request.ef = Int.random(in: 1...100_000, using: &generator) }
        if maybe() { request.fields = Array(Set([randomText(using: &generator), randomText(using: &generator)])) }
        if maybe() { request.groupBy = randomText(using: &generator) }
        if maybe() { request.groupSize = Int.random(in: 1...100, using: &generator) }
        if maybe() { request.tokenBudget = Int.random(in: 1...1_000_000, using: &generator) }
        if maybe() {
            request.filterText = "lang:en,year>=2020,tags:a%2Cb|c,!draft"
            request.filter = request.filterText.map { .textMatch(field: "recorded", text: $0) }
        }
        request.format = QueryRequest.Format.allCases.randomElement(using: &generator) ?? .jsonl
        return request
    }
}
