namespace Peregrine.Dashboards;
