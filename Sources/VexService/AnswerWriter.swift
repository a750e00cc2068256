import VexFS
import VexWire

/// The control part of an answer as it is written, and its binary parts.
struct AnswerWriter {
    private(set) var text: [UInt8] = [UInt8(ascii: "{")]
    private var parts = WirePartsBuilder()
    private let takesParts: Bool

    init(takesParts: Bool) { self.takesParts = takesParts }

    /// How many more bytes of text and of binary parts the answer may have.
    var room: (text: Int, binary: Int) {
        let total = WireLimits.frameBytesMax - WireHeader.byteCount - text.count - parts.binary.count
        return (takesParts ? min(total, WireLimits.jsonBytesMax - text.count) : total, total)
    }

    /// Whether the answer is larger than one may be. A little room stays for the descriptors of the parts.
    var isTooLarge: Bool { min(room.text, room.binary) < 1 << 20 }

    static let tooLarge = VexFSError(
        .documentTooLarge,
        "the answer would have more than \(WireLimits.jsonBytesMax >> 20) MiB of JSON or "
            + "\(WireLimits.frameBytesMax >> 20) MiB in all: ask for it in pages, with \"limit\" and \"offset\" (get), "
            + "with \"limit\" and \"start\" (scroll), with a smaller \"k\" or with fewer queries at once")

    /// Ends the object.
    consuming func finished() -> (json: [UInt8], binary: [UInt8]) {
        if !parts.parts.isEmpty { add("parts", parts.json) }
        text.append(UInt8(ascii: "}"))
        return (text, parts.binary)
    }

    /// How far it is, to go back to where what follows fails.
    var mark: Int { text.count }

    /// Takes back what was written since; binary parts that nothing speaks of any more may stay.
    mutating func rewind(to mark: Int) { text.removeLast(text.count - mark) }

    /// A comma where something stands before. Behind a value the last byte is none of the three: strings end in quotes.
    private mutating func separate() {
        switch text.last {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
        default: text.append(UInt8(ascii: ","))
        }
    }

    private mutating func key(_ key: String) {
        separate()
        JSON.write(string: key, to: &text)
        text.append(UInt8(ascii: ":"))
    }

    mutating func add(_ key: String, _ value: JSON) {
        self.key(key)
        value.write(to: &text)
    }

    mutating func add(_ key: String, _ number: Int) { add(key, .integer(Int64(number))) }

    /// Adds an array of values, each written by the closure.
    mutating func addArray<Element>(
        _ key: String, _ elements: some Sequence<Element>, _ write: (Element, inout [UInt8]) -> Void
    ) {
        self.key(key)
        text.append(UInt8(ascii: "["))
        for element in elements {
            separate()
            write(element, &text)
        }
        text.append(UInt8(ascii: "]"))
    }

    /// Adds an array of scores in their shortest form.
    mutating func addScores(_ key: String, _ scores: [Float]) {
        addArray(key, scores) { score, bytes in JSON.write(score: score, to: &bytes) }
    }

    /// Adds a member that is an object.
    mutating func addObject(
        _ key: String, _ body: (inout AnswerWriter) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        self.key(key)
        try object(body)
    }

    /// Adds an array of objects.
    mutating func addObjects<Element>(
        _ key: String, _ elements: [Element], _ body: (Element, inout AnswerWriter) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        try addObjectsWhileTrue(key, elements) { (element, answer) throws(VexFSError) in
            try body(element, &answer)
            return true
        }
    }

    /// Adds an array of objects that ends behind the first for which the closure returns false.
    mutating func addObjectsWhileTrue<Element>(
        _ key: String, _ elements: [Element], _ body: (Element, inout AnswerWriter) throws(VexFSError) -> Bool
    ) throws(VexFSError) {
        self.key(key)
        text.append(UInt8(ascii: "["))
        var goesOn = true
        for element in elements where goesOn {
            separate()
            try object { (answer) throws(VexFSError) in goesOn = try body(element, &answer) }
        }
        text.append(UInt8(ascii: "]"))
    }

    private mutating func object(_ body: (inout AnswerWriter) throws(VexFSError) -> Void) throws(VexFSError) {
        text.append(UInt8(ascii: "{"))
        try body(&self)
        text.append(UInt8(ascii: "}"))
    }

    /// Adds vectors of one dimension, as a binary part where the answer takes one; nil for none.
    /// - Throws: ``tooLarge``, before memory is taken for the vectors that are not there.
    mutating func add(_ key: String, vectors: [[Float]?]) throws(VexFSError) {
        guard takesParts, parts.parts.count < WireLimits.partsMax else {
            addArray(key, vectors) { vector, bytes in
                if let vector {
                    JSON.write(vector: vector, to: &bytes)
                } else {
                    bytes.append(contentsOf: "null".utf8)
                }
            }
            return
        }
        let dimension = vectors.lazy.compactMap { $0?.count }.first ?? 0
        guard vectors.count * dimension * 4 <= room.binary else { throw Self.tooLarge }
        var flat: [Float] = []
        flat.reserveCapacity(vectors.count * dimension)
        for vector in vectors {
            if let vector, vector.count == dimension {
                flat += vector
            } else {
                flat += repeatElement(.nan, count: dimension)
            }
        }
        add(key, parts.add(flat, shape: [vectors.count, dimension]))
    }
}
