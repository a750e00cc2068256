import Testing

@testable import VexFS

@Suite struct GeoAreaTests {
    private static func point(_ x: Double, _ y: Double) throws -> GeoPoint {
        try #require(GeoPoint(longitude: x, latitude: y))
    }

    @Test func boxes() throws {
        let box = GeoArea.box(west: 10, south: 50, east: 20, north: 55)
        for (x, y, isIn) in [(15.0, 52.0, true), (10, 52, false), (15, 55, false), (9, 52, false), (15, 49, false)] {
            #expect(try box.contains(Self.point(x, y)) == isIn)
        }
        let pacific = GeoArea.box(west: 170, south: -10, east: -170, north: 10)
        for (x, isIn) in [
            (175.0, true), (180, true), (-180, true), (-175, true), (0, false), (170, false), (-169, false),
        ] {
            #expect(try pacific.contains(Self.point(x, 0)) == isIn)
        }
    }

    @Test func polygons() throws {
        let square = try [(0.0, 0.0), (10, 0), (10, 10), (0, 10)].map(Self.point)
        let hole = try [(4.0, 4.0), (6, 4), (6, 6), (4, 6), (4, 4)].map(Self.point)
        let area = GeoArea.polygon(exterior: square, interiors: [hole])
        for (x, y, isIn) in [
            (1.0, 1.0, true), (5, 5, false), (4, 5, false), (0, 5, false), (10, 10, false), (11, 5, false),
            (5, 10, false),
            (3.9, 5, true), (5, -1, false), (5, 3.5, true),
        ] { #expect(try area.contains(Self.point(x, y)) == isIn, "\(x) \(y)") }
        let triangle = GeoArea.polygon(exterior: try [(0.0, 0.0), (10, 0), (0, 10)].map(Self.point), interiors: [])
        #expect(try triangle.contains(Self.point(4.9, 5)) && !triangle.contains(Self.point(5, 5)))
        #expect(try !triangle.contains(Self.point(5.1, 5)))
        #expect(try !GeoArea.polygon(exterior: [], interiors: []).contains(Self.point(0, 0)))
    }

    private static func areas(_ generator: inout SeededGenerator) throws -> [GeoArea] {
        func x() -> Double { .random(in: -180...180, using: &generator) }
        func y() -> Double { .random(in: -90...90, using: &generator) }
        let center = try point(x(), y())
        let (start, end) = (y(), y())
        func ring(_ size: Double) throws -> [GeoPoint] {
            try (0..<Int.random(in: 3...8, using: &generator)).map { _ in
                try point(
                    max(-180, min(180, center.longitude + .random(in: -size...size, using: &generator))),
                    max(-90, min(90, center.latitude + .random(in: -size...size, using: &generator))))
            }
        }
        return [
            .radius(center: center, metres: .random(in: 0...1_000_000, using: &generator)),
            .radius(center: center, metres: .random(in: 0...25_000_000, using: &generator)),
            .radius(center: try point(x(), 89.9), metres: 500_000),
            .radius(center: try point(179.99, y()), metres: 300_000),
            .box(west: x(), south: min(start, end), east: x(), north: max(start, end)),
            .polygon(exterior: try ring(30), interiors: [try ring(10)]),
        ]
    }

    /// The index finds exactly the points that the definition says are inside.
    @Test func theIndexAgreesWithTheDefinition() throws {
        let seed: UInt64 = 0x6E1
        var generator = SeededGenerator(seed: seed)
        var index = ValueIndex<GeoPoint>()
        var points: [GeoPoint] = []
        for row in 0..<6000 {
            let isNear = row % 3 > 0
            let point = try Self.point(
                isNear ? .random(in: 5...6, using: &generator) : .random(in: -180...180, using: &generator),
                isNear ? .random(in: 44...45, using: &generator) : .random(in: -90...90, using: &generator))
            points.append(point)
            index.add(Row(row), point)
        }
        var areas: [GeoArea] = [.box(west: 5.2, south: 44.1, east: 5.3, north: 44.9)]
        areas.append(.radius(center: try Self.point(5.5, 44.5), metres: 20_000))
        for _ in 0..<12 { areas += try Self.areas(&generator) }
        for area in areas {
            var union = PostingsUnion()
            index.collect(area, into: &union)
            let expected = points.indices.filter { area.contains(points[$0]) }.map { Row($0) }
            #expect(union.rows().rows == expected, "seed \(seed) \(area)")
        }
    }
}
