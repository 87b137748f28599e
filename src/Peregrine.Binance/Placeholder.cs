namespace Peregrine.Binance;
