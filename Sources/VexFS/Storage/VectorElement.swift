/// How the components of a space's vectors are stored: `"datatype"` in `.vexfs/config.json`.
public enum VectorElement: String, Sendable, CaseIterable {
    /// IEEE 754 binary32.
    case float32
    /// IEEE 754 binary16, rounded to the nearest.
    case float16
    /// Whole numbers from 0 to 255; what stands behind the point is cut off, what is beyond becomes the nearest of
    /// them.
    case uint8

    /// Its number in a vector file's header.
    var code: UInt32 {
        switch self {
        case .float32: 0
        case .float16: 1
        case .uint8: 2
        }
    }

    /// Bytes of one component.
    var byteCount: Int {
        switch self {
        case .float32: 4
        case .float16: 2
        case .uint8: 1
        }
    }

    /// The vector as it is stored, `[count]` components little-endian. Components must be ``rounded(_:)``, or at least
    /// within the range of the type.
    func encoded(_ vector: [Float]) -> [UInt8] {
        switch self {
        case .float32: vector.withUnsafeBytes { Array($0) }
        case .float16: vector.flatMap { withUnsafeBytes(of: Float16($0).bitPattern.littleEndian) { Array($0) } }
        case .uint8: vector.map { UInt8($0) }
        }
    }

    /// Reads stored components.
    /// - Precondition: `bytes` holds as many components as `vector`, or more.
    func decode(_ bytes: UnsafeRawPointer, into vector: UnsafeMutableBufferPointer<Float>) {
        for index in vector.indices {
            switch self {
            case .float32: vector[index] = bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
            case .float16:
                let bits = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                vector[index] = Float(Float16(bitPattern: UInt16(littleEndian: bits)))
            case .uint8: vector[index] = Float(bytes.load(fromByteOffset: index, as: UInt8.self))
            }
        }
    }

    /// The vector with every component as it reads back once stored.
    func rounded(_ vector: [Float]) -> [Float] {
        switch self {
        case .float32: vector
        case .float16: vector.map { Float(Float16($0)) }
        case .uint8: vector.map { min(max($0.rounded(.towardZero), 0), 255) }
        }
    }

    /// Judges the components of a vector before they are rounded.
    /// - Throws: `invalidVector` for one that the type cannot hold.
    func check(_ vector: [Float]) throws(VexFSError) {
        // Infinite components would make scores that are no numbers.
        guard self == .float16, let index = vector.firstIndex(where: { !Float16($0).isFinite }) else { return }
        throw VexFSError(
            .invalidVector, "component \(index) of the vector is \(vector[index]), which \(rawValue) cannot hold")
    }
}
