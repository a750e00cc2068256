import Testing

@testable import VexFS

/// Whole numbers beyond those that doubles tell apart, and beyond 64 bits with a sign.
@Suite struct LargeIntegerTests {
    /// As text: around 2^53, the ends of Int64, and what is above up to 2^64 − 1.
    private static let numbers = [
        "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854775806",
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "9223372036854777857",
        "18446744073709551615", "9007199254740992.0", "9.5e18", "1e19", "-1e300",
    ]

    /// What a number is worth: whole ones through Int64.max exactly, all others as the nearest double.
    private static func value(_ text: String) -> Filter.Value {
        Int64(text).map { .integer($0) } ?? .number(Double(text) ?? .nan)
    }

    /// Whether one number is below another, by 128-bit arithmetic for whole ones.
    private static func isBelow(_ left: String, _ right: String) -> Bool {
        func whole(_ text: String) -> Int128? {
            switch value(text) {
            case .integer(let number): Int128(number)
            case .number(let number): abs(number) < 1e30 ? Int128(exactly: number) : nil
            default: nil
            }
        }
        if let left = whole(left), let right = whole(right) { return left < right }
        return (Double(left) ?? 0) < (Double(right) ?? 0)
    }

    @Test func documentsAreReadBackByteForByteAndComparedBySize() throws {
        let fixture = try StoreFixture()
        var collection = try fixture.store.createCollection(named: "c")
        try collection.setConfiguration(Array(#"{"model":"none"}"#.utf8))
        for (place, number) in Self.numbers.enumerated() {
            try collection.put(ByteString("\(place).json"), "{\"n\": \(number), \"vector\": null}")
        }
        for isReopened in [false, true] {
            if isReopened { try fixture.reopen() }
            collection = try #require(fixture.store.collection(named: "c"))
            let live = collection.state.withLock { $0.rows.live }
            func places(_ filter: Filter) throws -> [Int] {
                let rows = try collection.rows(matching: filter, among: live)
                return collection.identifiers(of: rows.rows).compactMap { $0.flatMap { Int($0.text.string) } }.sorted()
            }
            for (place, number) in Self.numbers.enumerated() {
                let file = try #require(
                    collection.lookup(ByteString("\(place).json"), in: Collection.rootNumber))
                let bytes = try collection.content(of: file.number).bytes
                #expect(String(decoding: bytes, as: UTF8.self) == "{\"n\": \(number), \"vector\": null}")
                let bound = Self.value(number)
                let others = Self.numbers.indices
                #expect(
                    try places(.range(field: "n", Filter.Range(less: bound)))
                        == others.filter { Self.isBelow(Self.numbers[$0], number) }, "below \(number)")
                #expect(
                    try places(.range(field: "n", Filter.Range(atLeast: bound)))
                        == others.filter { !Self.isBelow(Self.numbers[$0], number) }, "from \(number)")
                #expect(
                    try places(.anyOf(field: "n", values: [bound]))
                        == others.filter { other in
                            !Self.isBelow(Self.numbers[other], number) && !Self.isBelow(number, Self.numbers[other])
                        }, "is \(number)")
            }
        }
        fixture.close()
    }

    /// Qdrant's match takes integers of 64 bits with a sign, and so does this.
    @Test func aMatchTakesInt64() throws {
        func read(_ number: String) throws -> Filter {
            try Filter(qdrant: try JSON.parse(Array(#"{"must":{"key":"n","match":{"value":\#(number)}}}"#.utf8)))
        }
        #expect(try read("9223372036854775807") == .anyOf(field: "n", values: [.integer(.max)]))
        let error = #expect(throws: VexFSError.self) { try read("9223372036854775808") }
        #expect(error?.message.contains("must be a string, an integer or a boolean") == true)
    }
}
