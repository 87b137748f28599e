using Peregrine.Common.Orders;

using Xunit;

namespace Peregrine.Common.Tests;

public sealed class NamesTests
{
    [Fact]
    public void Symbols_are_numbered_from_one_in_the_order_they_came()
    {
        var table = new InstrumentTable();
        Instrument bitcoin = table.Add("BTCUSDT", Market.Spot);
        Instrument ether = table.Add("ETHUSDT", Market.Spot);
        Assert.Equal(new SymbolId(1), bitcoin.Id);
        Assert.Equal(new SymbolId(2), ether.Id);
        Assert.Same(ether, table[ether.Id]);
        Assert.Equal([bitcoin, ether], table.All);
        Assert.False(table.TryGet("btcusdt", out _));
    }

    [Fact]
    public void Learning_more_of_a_symbol_keeps_its_number()
    {
        var table = new InstrumentTable();
        table.Add("BTCUSDT", Market.Spot);
        Instrument known = table.Add("ETHUSDT", Market.Spot);
        Instrument learned = table.Add(known with { Id = SymbolId.None, QuoteAsset = "USDT" });
        Assert.Equal(known.Id, learned.Id);
        Assert.Equal(2, table.Count);
        Assert.True(table.TryGet("ETHUSDT", out Instrument found));
        Assert.Equal("USDT", found.QuoteAsset);
        Assert.Same(found, table[known.Id]);
    }

    [Fact]
    public void No_symbol_is_no_number()
    {
        Assert.True(SymbolId.None.IsNone);
        Assert.False(new SymbolId(1).IsNone);
    }

    [Theory]
    [InlineData("")]
    [InlineData("p")]
    [InlineData("123456789012345678901234567890123456")]
    public void A_client_order_id_holds_up_to_36_characters(string text)
    {
        var id = ClientOrderId.Create(text);
        Assert.Equal(text, id.ToString());
        Assert.Equal(text.Length == 0, id.IsEmpty);
        Assert.Equal(ClientOrderId.Create(text), id);
        Assert.Equal(ClientOrderId.Create(text).GetHashCode(), id.GetHashCode());
    }

    [Fact]
    public void A_longer_client_order_id_is_refused_and_empty()
    {
        Assert.False(ClientOrderId.TryCreate(new byte[37], out ClientOrderId id));
        Assert.True(id.IsEmpty);
        Assert.Throws<FormatException>(() => ClientOrderId.Create(new string('x', 37)));
    }

    [Fact]
    public void Ids_differ_in_a_character_and_in_length()
    {
        Assert.NotEqual(ClientOrderId.Create("abc"), ClientOrderId.Create("abd"));
        Assert.NotEqual(ClientOrderId.Create("abc"), ClientOrderId.Create("abc\0"));
        Assert.NotEqual(ClientOrderId.Create(""), ClientOrderId.Create("\0"));
    }

    [Fact]
    public void An_asset_code_is_cut_at_15_bytes()
    {
        Assert.Equal("USDT", AssetCode.Create("USDT").ToString());
        Assert.Equal("123456789012345", AssetCode.Create("1234567890123456").ToString());
        Assert.NotEqual(AssetCode.Create("USDT"), AssetCode.Create("USDC"));
        Assert.Equal(AssetCode.Create("USDT"), AssetCode.Create("USDT"u8));
        Assert.Equal("", default(AssetCode).ToString());
    }
}
