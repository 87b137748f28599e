namespace Peregrine.Kernel;

/// <summary>
/// The status board's file, all integers little-endian: magic (8 bytes), capacity of the text (8), version (8), length of the text (8), spare
/// up to byte 64, then the text. The version is odd while the text is being written and grows by two with each text; 0 means no text yet.
/// </summary>
internal static class StatusBoardLayout
{
    public const long Magic = 0x3144524F_42524750; // "PGRBORD1"
    public const int CapacityAt = 8;
    public const int VersionAt = 16;
    public const int LengthAt = 24;
    public const int TextAt = 64;
}
