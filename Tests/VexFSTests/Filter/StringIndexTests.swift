import Testing

@testable import VexFS

@Suite struct StringIndexTests {
    /// As many strings as it takes for each of the indexes, more of them while it is asked.
    @Test func agreesWithALookAtEachString() {
        var random = FilterGenerator(seed: 5)
        var strings: [ByteString] = []
        var index = StringIndex()
        for round in 0..<200 {
            for _ in 0..<10 {
                let subject = random.subject(strings.count)
                strings.append(ByteString("\(subject.text?.string ?? "none") \(strings.count)"))
            }
            let condition = random.string()
            let expected = strings.indices.filter { condition.isMet(by: strings[$0]) }.map { Row($0) }
            #expect(index.codes(meeting: condition, strings).rows == expected, "\(round): \(condition)")
        }
    }
}
