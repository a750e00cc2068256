import Glibc
import VexFS

/// An array of float32 or float16 in NumPy's .npy format (version 1 to 3), row after row, read through a map.
///
/// A one-dimensional array is one row. The specification is "NEP 1, A Simple File Format for NumPy Arrays".
final class NumPyArray: @unchecked Sendable {
    // Unchecked: the map is read-only and stays until the last reference goes.

    /// Rows.
    let rowCount: Int
    /// Components of a row.
    let columnCount: Int

    private let map: UnsafeRawPointer
    private let mapBytes: Int
    private let dataOffset: Int
    private let isHalf: Bool

    private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

    /// Maps a file.
    /// - Throws: `badInput` with what is wrong with the file; `failure` where it can't be read.
    init(path: String) throws(Failure) {
        let (map, size) = try Self.mapped(path)
        do throws(Failure) {
            let header = try Header(UnsafeRawBufferPointer(start: map, count: size), path: path)
            self.map = map
            mapBytes = size
            dataOffset = header.dataOffset
            isHalf = header.isHalf
            rowCount = header.rowCount
            columnCount = header.columnCount
        } catch {
            munmap(UnsafeMutableRawPointer(mutating: map), size)
            throw error
        }
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: map), mapBytes) }

    private static func mapped(_ path: String) throws(Failure) -> (UnsafeRawPointer, Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(.failure, "\(path): \(Terminal.reason())") }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw Failure(.failure, "\(path): \(Terminal.reason())") }
        let size = Int(facts.st_size)
        guard size >= 10 else { throw Failure(.badInput, "\(path) is not an .npy file: it is too short") }
        guard let map = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), map != MAP_FAILED else {
            throw Failure(.failure, "\(path): \(Terminal.reason())")
        }
        return (UnsafeRawPointer(map), size)
    }

    /// Copies rows out as float32, `[rows.count × columnCount]`.
    /// - Precondition: the rows are the array's, and the buffer has room for them.
    func copy(_ rows: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>) {
        let count = rows.count * columnCount
        precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount && buffer.count >= count)
        let start = map + dataOffset + rows.lowerBound * columnCount * (isHalf ? 2 : 4)
        guard let target = buffer.baseAddress, count > 0 else { return }
        guard isHalf else {
            // The header is padded, but by the writer: nothing says that the numbers are aligned.
            UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: count * 4)
            return
        }
        Self.halves.withUnsafeBufferPointer { table in
            for index in 0..<count {
                target[index] = table[Int(start.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))]
            }
        }
    }

    /// Rows as float32, each an array of its own.
    func vectors(_ rows: Range<Int>) -> [[Float]] {
        rows.map { row in
            [Float](unsafeUninitializedCapacity: columnCount) { buffer, count in
                copy(row..<row + 1, into: buffer)
                count = columnCount
            }
        }
    }

    /// All 65,536 halves as float32: a look-up is several times faster than a conversion in software.
    private static let halves: [Float] = (0...UInt16.max).map { Float(Float16(bitPattern: $0)) }
}

extension NumPyArray {
    /// What the first bytes of a file say.
    private struct Header {
        let isHalf: Bool
        let rowCount: Int
        let columnCount: Int
        let dataOffset: Int

        init(_ bytes: UnsafeRawBufferPointer, path: String) throws(Failure) {
            func wrong(_ what: String) -> Failure { Failure(.badInput, "\(path) is not an array of vectors: \(what)") }
            guard bytes.prefix(6).elementsEqual(NumPyArray.magic) else { throw wrong("it is not an .npy file") }
            let lengthBytes = bytes[6] == 1 ? 2 : 4
            guard (1...3).contains(bytes[6]) else { throw wrong("version \(bytes[6]) of the format is not known") }
            guard bytes.count >= 8 + lengthBytes else { throw wrong("its header is cut off") }
            let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
            dataOffset = 8 + lengthBytes + length
            guard dataOffset <= bytes.count else { throw wrong("its header is cut off") }
            let text = String(decoding: bytes[(8 + lengthBytes)..<dataOffset], as: UTF8.self)
            switch Self.value(of: "descr", in: text) {
            case "'<f2'": isHalf = true
            case "'<f4'": isHalf = false
            case let other: throw wrong("its numbers are \(other ?? "of no type"); '<f4' and '<f2' can be read")
            }
            guard Self.value(of: "fortran_order", in: text) == "False" else {
                throw wrong("it is not in C order (numpy.ascontiguousarray makes it so)")
            }
            guard let shape = Self.shape(in: text), (1...2).contains(shape.count) else {
                throw wrong("its shape has to be (rows, components) or (components,)")
            }
            rowCount = shape.count == 1 ? 1 : shape[0]
            columnCount = shape[shape.count - 1]
            let (numbers, overflow) = rowCount.multipliedReportingOverflow(by: columnCount)
            let (needed, more) = numbers.multipliedReportingOverflow(by: isHalf ? 2 : 4)
            guard !overflow, !more, bytes.count - dataOffset >= needed else {
                throw wrong("it ends before its last vector")
            }
        }

        /// The text of a key's value: a word, or all of a parenthesis.
        private static func value(of key: String, in text: String) -> Substring? {
            guard let place = text.index(behind: "'\(key)':") else { return nil }
            let rest = text[place...].drop { $0 == " " }
            if rest.first == "(" {
                guard let end = rest.firstIndex(of: ")") else { return nil }
                return rest[...end]
            }
            return rest.prefix { $0 != "," && $0 != "}" && $0 != " " }
        }

        private static func shape(in text: String) -> [Int]? {
            guard let value = value(of: "shape", in: text), value.first == "(" else { return nil }
            var numbers: [Int] = []
            for part in value.dropFirst().dropLast().split(separator: ",") {
                let digits = part.filter { $0 != " " }
                if digits.isEmpty { continue }
                guard let number = Int(digits), number >= 0 else { return nil }
                numbers.append(number)
            }
            return numbers
        }
    }
}

extension String {
    /// Where the text behind the first occurrence of another begins.
    fileprivate func index(behind other: String) -> Index? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return index(start, offsetBy: other.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
