/// Lower case by Unicode's full mappings, without a language's own rules; a sigma that ends a word is the final one.
enum LowerCase {
    /// Appends the UTF-8 of `text` in lower case. O(bytes).
    static func append(_ text: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
        var reader = ScalarReader(text)
        while let value = reader.next() {
            if value < 0x80 {
                let byte = UInt8(truncatingIfNeeded: value)
                result.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
            } else if value == capitalSigma {
                let isFinal = endsWord(text, reader.lastPosition, reader.position)
                result.append(contentsOf: isFinal ? [0xCF, 0x82] : [0xCF, 0x83])
            } else if let scalar = Unicode.Scalar(value), scalar.properties.changesWhenLowercased {
                result.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            } else {
                result.append(contentsOf: reader.lastBytes)
            }
        }
    }

    private static let capitalSigma: UInt32 = 0x3A3

    /// Unicode's condition Final_Sigma: a cased letter before and none after, whatever is case-ignorable in between.
    private static func endsWord(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var isAfterLetter = false
        var place = start
        while place > 0 {
            let next = place
            repeat { place -= 1 } while place > 0 && text[place] & 0xC0 == 0x80
            var reader = ScalarReader(.init(rebasing: text[place..<next]))
            guard let properties = reader.nextProperties(), !properties.isCaseIgnorable else { continue }
            isAfterLetter = properties.isCased
            break
        }
        guard isAfterLetter else { return false }
        var after = ScalarReader(.init(rebasing: text[end...]))
        while let properties = after.nextProperties() {
            if !properties.isCaseIgnorable { return !properties.isCased }
        }
        return true
    }
}
