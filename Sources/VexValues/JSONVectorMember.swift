import CSimdjson

/// The member of a JSON object that holds its vector, read without reading the rest.
public struct JSONVectorMember {
    /// `[dimension] Float32`, finite: the numbers as ``JSONTape/floats(_:)`` gives them.
    public let vector: [Float]
    /// Where the array stands, its brackets included.
    public let place: Range<Int>

    /// Finds the one member "vector" or "embedding", a plain array of numbers, of the object that `bytes` seem to be;
    /// nil where there is none, or anything that is not worth a short way. The bytes around the array are not judged:
    /// they are valid where they are so with `null` in the array's place. O(bytes).
    public init?(in bytes: UnsafeBufferPointer<UInt8>, dimensionMax: Int) {
        // A number takes two bytes at least, with what is behind it.
        let capacity = min(bytes.count / 2, dimensionMax)
        var (begin, behind) = (0, 0)
        let vector = withUnsafeTemporaryAllocation(of: Float.self, capacity: capacity) { numbers -> [Float]? in
            guard let start = bytes.baseAddress, let room = numbers.baseAddress else { return nil }
            let count = vexfs_json_find_vector(start, bytes.count, room, capacity, &begin, &behind)
            return count == 0 ? nil : [Float](UnsafeBufferPointer(start: room, count: count))
        }
        guard let vector else { return nil }
        self.vector = vector
        place = begin..<behind
    }
}
