import TestSupport
import Testing
import VexValues
import VexWire

@Suite struct WireHeaderTests {
    /// The layout is a promise: these are its bytes.
    @Test func layout() throws {
        let header = WireHeader(
            operation: 0x0126, flags: 1, status: 0x194, jsonByteCount: 0x0102_0304, binaryByteCount: 0x0506_0708,
            tag: 0x1122_3344_5566_7788)
        var bytes: [UInt8] = []
        // Lengths are not judged when a header is written.
        header.encode(to: &bytes)
        #expect(
            bytes == [
                0x56, 0x58, 0x52, 0x31, 0x26, 0x01, 1, 0, 0x94, 1, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5, 0, 0, 0, 0, 0x88, 0x77,
                0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
            ])
        #expect(bytes.count == WireHeader.byteCount)
        #expect(try bytes.withUnsafeBytes { try WireHeader(decoding: $0) } == header)
    }

    @Test func whatIsNoHeader() {
        func code(_ bytes: [UInt8]) -> VexFSError.Code? {
            do throws(VexFSError) {
                _ = try bytes.withUnsafeBufferPointer { (buffer) throws(VexFSError) in
                    try WireHeader(decoding: UnsafeRawBufferPointer(buffer))
                }
                return nil
            } catch { return error.code }
        }
        var good: [UInt8] = []
        WireHeader(operation: 1).encode(to: &good)
        #expect(code(good) == nil)
        #expect(code(Array(good.dropLast())) == .invalidArgument)
        #expect(code([]) == .invalidArgument)
        for place in 0..<4 {
            var wrong = good
            wrong[place] ^= 1
            #expect(code(wrong) == .invalidArgument)
        }
        var flags = good
        flags[6] = 2
        #expect(code(flags) == .unsupported)
        for place in 13..<24 {
            var large = good
            large[place] = 0xFF
            let isTooLarge = place >= 15 && place < 16 || place >= 19
            #expect((code(large) == .documentTooLarge) == isTooLarge, "byte \(place)")
        }
    }

    @Test func operationsHaveNames() {
        let names = WireOperation.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(WireOperation.collectionCreate.name == "collection.create")
        #expect(WireOperation.payloadOverwrite.name == "payload.overwrite")
        #expect(WireOperation.batch.name == "batch")
        for operation in WireOperation.allCases { #expect(WireOperation(name: operation.name) == operation) }
        #expect(WireOperation(name: "collection") == nil)
    }
}
