import TestSupport
import Testing
import VexValues
import VexWire

@Suite struct WireFrameTests {
    @Test func thereAndBack() throws {
        var parts = WirePartsBuilder()
        let vectors = parts.add([1, -2.5, 3, 4], shape: [2, 2])
        let texts = parts.add([Array("a".utf8), nil, []])
        let body = JSON.object([.init("vectors", vectors), .init("texts", texts), .init("parts", parts.json)])
        let sent = WireFrame(.upsert, json: body.compact, binary: parts.binary, tag: 7)
        let frame = try WireFrame(decoding: sent.bytes)
        #expect(frame == sent)
        #expect(frame.header.tag == 7 && frame.header.operation == 0x20)
        let read = try frame.body()
        let found = try WireParts(of: read, binary: frame.binary)
        let first = try #require(try found.part(read["vectors"] ?? .null))
        #expect(first.shape == [2, 2])
        #expect(try found.floats(first) == [1, -2.5, 3, 4])
        let second = try #require(try found.part(read["texts"] ?? .null))
        #expect(second.offset % 8 == 0)
        #expect(try found.strings(second) == [Array("a".utf8), nil, []])
        #expect(try found.part(.integer(3)) == nil)
    }

    @Test func halves() throws {
        // 1, -2, 65504 (the largest), 2^-24 (the smallest), infinity, in binary16.
        let bits: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x7C00, 0x8000]
        let binary = bits.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let json = JSON.object([
            .init("parts", .array([WirePart(.float16, shape: [6], offset: 0).json]))
        ])
        let parts = try WireParts(of: json, binary: binary)
        #expect(try parts.floats(parts.parts[0]) == [1, -2, 65504, 0x1p-24, .infinity, -0.0])
    }

    @Test func wholeNumbersKeepTheirSign() throws {
        let binary = [UInt8](repeating: 0xFF, count: 8)
        func digits(_ element: WirePart.Element) throws -> [String] {
            let json = JSON.object([.init("parts", .array([WirePart(element, shape: [1], offset: 0).json]))])
            let parts = try WireParts(of: json, binary: binary)
            return try parts.digits(parts.parts[0])
        }
        #expect(try digits(.int64) == ["-1"])
        #expect(try digits(.uint64) == ["18446744073709551615"])
    }

    @Test func errorsTravel() throws {
        for code in VexFSError.Code.allCases {
            let error = VexFSError(code, "a sentence", at: "C/a.json", cause: "why")
            let frame = try WireFrame(decoding: WireFrame.failure(error, of: 9, tag: 3).bytes)
            #expect(frame.header.status == UInt32(error.httpStatus))
            #expect(frame.header.flags == WireHeader.answerFlag && frame.header.tag == 3)
            do throws(VexFSError) {
                _ = try frame.body()
                Issue.record("no error")
            } catch {
                #expect(error.code == code && error.location == "C/a.json" && error.cause == "why")
            }
        }
    }

    /// Whatever the bytes are, reading them ends with a value or an error.
    @Test func noise() throws {
        var generator = SeededGenerator.announced(for: "frames of noise")
        var parts = WirePartsBuilder()
        let vectors = parts.add([1, 2, 3, 4], shape: [2, 2])
        let texts = parts.add([Array("abc".utf8), nil])
        let body = JSON.object([.init("v", vectors), .init("t", texts), .init("parts", parts.json)])
        let good = WireFrame(.get, json: body.compact, binary: parts.binary).bytes
        var read = 0
        for _ in 0..<4000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                if Bool.random(using: &generator) {
                    bytes[place] = UInt8.random(in: 0...255, using: &generator)
                } else {
                    bytes.remove(at: place)
                    bytes.append(UInt8.random(in: 0...255, using: &generator))
                }
            }
            do throws(VexFSError) {
                let frame = try WireFrame(decoding: bytes)
                let json = try frame.body()
                let found = try WireParts(of: json, binary: frame.binary)
                for part in found.parts {
                    switch part.element {
                    case .bytes: _ = try found.strings(part)
                    case .int64, .uint64: _ = try found.digits(part)
                    default:
                        let floats = try found.floats(part)
                        #expect(floats.count == part.shape.reduce(1, *))
                    }
                }
                read += 1
            } catch { #expect(!error.message.isEmpty) }
        }
        #expect(read > 0)
    }
}
