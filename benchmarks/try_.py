import sys, time
from benchmarks.databases import servers
from benchmarks.stage import build_stages
from benchmarks import measures
def main():
    kinds = sys.argv[1].split(",")
    far=int(sys.argv[2]); rounds=int(sys.argv[3])
    with servers(kinds) as found:
        for kind in kinds:
            t=time.time()
            stages=build_stages(found[kind],kind,far=far)
            print("built",kind,time.time()-t)
            for r in range(rounds):
                for m,a in (("schedule",dict(count=10000)),("drain",dict(count=20000)),("delay",dict(seconds=2))):
                    t=time.time()
                    print(m, [ (n, getattr(measures,m)(s,**a)) for n,s in stages.items()], round(time.time()-t,1), flush=True)
if __name__=="__main__": main()
