import VexValues

extension JSONTape {
    /// The value of a key of the object at `index`; nil where there is none.
    func member(_ name: StaticString, of index: Int) -> Int? {
        guard kind(index) == .object else { return nil }
        var found: Int?
        let wanted = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        forEachMember(of: index) { key, value in
            if bytes(key).elementsEqual(wanted) { found = value }
        }
        return found
    }

    /// The integer at `index`; nil for any other value.
    func integer(_ index: Int) -> Int? {
        kind(index) == .integer ? Int(Int64(bitPattern: rawNumber(index))) : nil
    }

    /// The elements of the array at `index` where all are numbers, those beyond Float32 as infinity; nil for any other.
    func chromaFloats(_ index: Int) -> [Float]? {
        if let floats = floats(index) { return floats }
        var floats: [Float]? = []
        forEachElement(of: index) { element in
            if let number = double(element) { floats?.append(Float(number)) } else { floats = nil }
        }
        return floats
    }

    /// How many elements the array at `index` has. O(elements).
    func count(_ index: Int) -> Int {
        var count = 0
        forEachElement(of: index) { _ in count += 1 }
        return count
    }

    /// Appends the value at `index` as compact JSON.
    func write(_ index: Int, to out: inout [UInt8]) {
        switch kind(index) {
        case .string: JSON.write(utf8: bytes(index), to: &out)
        case .integer: out.append(contentsOf: String(Int64(bitPattern: rawNumber(index))).utf8)
        case .unsigned: out.append(contentsOf: String(rawNumber(index)).utf8)
        case .array:
            out.append(UInt8(ascii: "["))
            forEachElement(of: index) { element in
                if element != index + 1 { out.append(UInt8(ascii: ",")) }
                write(element, to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object: _ = writeObject(index, to: &out) { _ in true }
        case .null, .yes, .no, .number: value(index).write(to: &out)
        }
    }

    /// Appends the members of the object at `index` whose keys are wanted, as an object.
    /// - Returns: whether there were any.
    func writeObject(
        _ index: Int, to out: inout [UInt8], where isWanted: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        out.append(UInt8(ascii: "{"))
        var isEmpty = true
        forEachMember(of: index) { key, value in
            guard isWanted(bytes(key)) else { return }
            if !isEmpty { out.append(UInt8(ascii: ",")) }
            isEmpty = false
            JSON.write(utf8: bytes(key), to: &out)
            out.append(UInt8(ascii: ":"))
            write(value, to: &out)
        }
        out.append(UInt8(ascii: "}"))
        return !isEmpty
    }
}
