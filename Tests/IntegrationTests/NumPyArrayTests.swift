import Foundation
import TestSupport
import Testing

@testable import vexfs_fuse

/// .npy files as numpy writes them, and files that are not.
@Suite struct NumPyArrayTests {
    /// The bytes of a file; `header` replaces the usual dictionary.
    static func bytes(
        _ descr: String = "<f4", shape: String, data: [UInt8], version: UInt8 = 1, padding: Int = 0,
        header: String? = nil
    ) -> [UInt8] {
        let usual = "{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }"
        let text = (header ?? usual) + String(repeating: " ", count: padding) + "\n"
        let length = text.utf8.count
        let lengthBytes = (0..<(version == 1 ? 2 : 4)).map { UInt8(length >> (8 * $0) & 0xFF) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + Array(text.utf8) + data
    }

    /// `[vectors.count × width] Float32` as a file.
    static func bytes(_ vectors: [[Float]]) -> [UInt8] {
        let data = vectors.flatMap { $0 }.withUnsafeBytes { Array($0) }
        return bytes(shape: "(\(vectors.count), \(vectors[0].count))", data: data)
    }

    private func array(_ bytes: [UInt8]) throws -> NumPyArray {
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        try TestPath(directory + "/a.npy").write(bytes)
        return try NumPyArray(path: directory + "/a.npy")
    }

    private func problem(_ bytes: [UInt8]) -> Failure? { #expect(throws: Failure.self) { try array(bytes) } }

    @Test(arguments: [1, 2, 3] as [UInt8], 0..<4)
    func singlePrecisionAtEveryAlignment(version: UInt8, padding: Int) throws {
        let numbers: [Float] = [1, -2.5, .infinity, 0x1p-140, 3, 0]
        let data = numbers.withUnsafeBytes { Array($0) }
        let array = try array(Self.bytes(shape: "(3, 2)", data: data, version: version, padding: padding))
        #expect(array.rowCount == 3 && array.columnCount == 2)
        #expect(array.vectors(0..<3) == [[1, -2.5], [.infinity, 0x1p-140], [3, 0]])
        #expect(array.vectors(1..<2) == [[.infinity, 0x1p-140]])
    }

    @Test func everyHalfIsRead() throws {
        let data = (0...UInt16.max).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let array = try array(Self.bytes("<f2", shape: "(256, 256)", data: data, padding: 1))
        let numbers = array.vectors(0..<256).flatMap { $0 }
        #expect(numbers[0x3C00] == 1 && numbers[0xC000] == -2 && numbers[0x0001] == 0x1p-24 && numbers[0x7BFF] == 65504)
        for (bits, number) in numbers.enumerated() {
            let half = Float16(bitPattern: UInt16(bits))
            #expect(number == Float(half) || (number.isNaN && half.isNaN), "\(bits)")
        }
    }

    @Test func oneDimensionIsOneRow() throws {
        let array = try array(Self.bytes(shape: "(3,)", data: [Float(1), 2, 3].withUnsafeBytes { Array($0) }))
        #expect(array.rowCount == 1 && array.vectors(0..<1) == [[1, 2, 3]])
    }

    @Test func noRowsAreNoVectors() throws {
        #expect(try array(Self.bytes(shape: "(0, 4)", data: [])).rowCount == 0)
    }

    static let wrong: [(header: String, named: String)] = [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", "<f8"),
        ("{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }", ">f4"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "<f4"),
        ("{'fortran_order': False, 'shape': (1, 1), }", "of no type"),
        ("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "C order"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }", "shape"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "shape"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1), }", "shape"),
        ("{'descr': '<f4', 'fortran_order': False, }", "shape"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", "ends before"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "ends before"),
        ("", "of no type"),
    ]

    @Test(arguments: wrong)
    func aHeaderThatDoesNotFitIsNamed(header: String, named: String) throws {
        let failure = try #require(problem(Self.bytes(shape: "", data: [0, 0, 0, 0], header: header)))
        #expect(failure.code == .badInput && failure.message.contains(named), "\(failure.message)")
    }

    @Test func whatIsNotAnArrayIsRefused() throws {
        let whole = Self.bytes([[1, 2], [3, 4]])
        for count in 0..<whole.count {
            #expect(problem(Array(whole[..<count]))?.code == .badInput, "cut off after \(count) bytes")
        }
        #expect(problem(Array("This is a text, no array.".utf8))?.message.contains("not an .npy file") == true)
        var other = whole
        other[6] = 9
        #expect(problem(other)?.message.contains("version 9") == true)
        let missing = #expect(throws: Failure.self) { try NumPyArray(path: "/nonexistent.npy") }
        #expect(missing?.code == .failure && missing?.message.contains("/nonexistent.npy") == true)
    }
}
