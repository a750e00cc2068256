import VexFS
import VexWire

/// The control part of an answer as it is written, and its binary parts.
struct AnswerWriter {
    private(set) var text: [UInt8] = [UInt8(ascii: "{")]
    private var parts = WirePartsBuilder()
    /// Whether it is the answer to a frame, which has a largest size.
    let takesParts: Bool

    /// Refuses an answer that no frame can carry.
    /// - Throws: `documentTooLarge`, which says what to do.
    static func check(_ answer: (json: [UInt8], binary: [UInt8])) throws(VexFSError) {
        try check(jsonBytes: answer.json.count, binaryBytes: answer.binary.count)
    }

    /// Refuses an answer of these sizes.
    static func check(jsonBytes: Int, binaryBytes: Int) throws(VexFSError) {
        guard jsonBytes <= WireLimits.jsonBytesMax,
            WireHeader.byteCount + jsonBytes + binaryBytes <= WireLimits.frameBytesMax
        else {
            throw VexFSError(
                .documentTooLarge,
                "the answer would have more than \(WireLimits.jsonBytesMax >> 20) MiB of text or "
                    + "\(WireLimits.frameBytesMax >> 20) MiB in all: ask for fewer records at once, or for less of "
                    + "them")
        }
    }

    init(takesParts: Bool) { self.takesParts = takesParts }

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
        addArray(key, scores) { score, bytes in JSON.write(vector: [score], inline: &bytes) }
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
    mutating func add(_ key: String, vectors: [[Float]?]) {
        guard takesParts else {
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

extension JSON {
    /// Appends one number of 32 bits in its shortest form, null where it is not finite.
    static func write(vector: [Float], inline bytes: inout [UInt8]) {
        guard let number = vector.first, number.isFinite else {
            bytes.append(contentsOf: "null".utf8)
            return
        }
        var text: [UInt8] = []
        JSON.write(vector: vector, to: &text)
        bytes.append(contentsOf: text.dropFirst().dropLast())
    }
}
