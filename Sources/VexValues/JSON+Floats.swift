import CSimdjson

extension JSON {
    /// Appends a Float32 in its shortest exact form, never as an integer; one that is not finite as null.
    public static func write(float: Float, to bytes: inout [UInt8]) {
        withUnsafePointer(to: float) { write(floats: UnsafeBufferPointer(start: $0, count: 1), to: &bytes) }
    }

    /// Appends a Float32 in its shortest exact form, which may be an integer; one that is not finite as null.
    public static func write(score: Float, to bytes: inout [UInt8]) {
        guard score.isFinite else {
            bytes.append(contentsOf: "null".utf8)
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
            guard let start = text.baseAddress else { return }
            var value = score
            // Contract: the buffer has the 20 bytes that the shim asks for.
            let count = vexfs_json_write_floats(&value, 1, start)
            bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
        }
    }

    /// Appends Float32s, commas between, each in the shortest form that reads back exactly and never as an integer, so
    /// that languages that tell 1 from 1.0 read a float; one that is not finite as null.
    public static func write(floats: UnsafeBufferPointer<Float>, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
            guard let start = text.baseAddress else { return }
            for index in floats.indices {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                var value = floats[index]
                guard value.isFinite else {
                    bytes.append(contentsOf: "null".utf8)
                    continue
                }
                // Contract: the buffer has the 20 bytes that the shim asks for.
                let count = vexfs_json_write_floats(&value, 1, start)
                let digits = UnsafeBufferPointer(start: start, count: count)
                bytes.append(contentsOf: digits)
                let looksFractional = digits.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") }
                if !looksFractional { bytes.append(contentsOf: ".0".utf8) }
            }
        }
    }
}
